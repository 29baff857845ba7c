//! The log of requests that the control API shows.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::utc;
use crate::message::Request;

/// More entries than this are not kept; the answer says how many were dropped.
const CAPACITY: usize = 200_000;

#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    n: u64,
    at: String,
    connection: u64,
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: String,
    /// `null` while the request is under way, 0 when the connection was closed without an answer.
    status: Option<u16>,
    fault: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Log {
    next: u64,
    entries: VecDeque<Entry>,
    dropped: u64,
}

impl Log {
    pub fn begin(&mut self, at: Timestamp, request: &Request, fault: Option<String>) -> u64 {
        self.next += 1;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(Entry {
            n: self.next,
            at: utc(at),
            connection: request.connection,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.iter().cloned().collect(),
            body: request.body_text().into_owned(),
            status: None,
            fault,
        });
        self.next
    }

    pub fn finish(&mut self, n: u64, status: u16) {
        // Recent entries lie at the end; one that was cleared meanwhile is simply gone.
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.n == n) {
            entry.status = Some(status);
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.dropped = 0;
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"requests": self.entries, "dropped": self.dropped})
    }
}
