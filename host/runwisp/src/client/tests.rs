//! The client against the real router on a real socket.
