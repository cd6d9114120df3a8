//! The machines: what runs next, given what happened and what time it is.
