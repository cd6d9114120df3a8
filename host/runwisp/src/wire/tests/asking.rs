//! Asks the daemon of tables as any program would, byte by byte.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::World;

impl World {
    /// Sends a request and reads what comes until `text` is in it.
    pub(super) async fn hear(&self, path: &str, headers: &str, text: &str) -> String {
        let mut stream = tokio::net::UnixStream::connect(self.socket())
            .await
            .unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains(text) {
            assert!(
                stream.read_buf(&mut heard).await.unwrap() > 0,
                "{text:?} never came: {}",
                String::from_utf8_lossy(&heard)
            );
        }
        String::from_utf8(heard).unwrap()
    }

    /// Asks as any program would: status and document.
    pub(super) async fn raw(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// Sends a request as it stands.
    pub(super) async fn send(&self, request: &str) -> (u16, Value) {
        let mut stream = tokio::net::UnixStream::connect(self.socket())
            .await
            .unwrap();
        // A server that refuses a large body may close before it has read all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}
