//! What was answered last to each kind of request, for a server, a proxy or a cache that mixes answers up.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::message::{Reply, Request};

/// Where the path of an API request names its account, user or meeting: `/v2/meetings/{id}`.
const PLACE_OF_ID: usize = 2;

/// The last good answer of the API to each kind of request: of one method, to one path, ids taken out.
#[derive(Clone, Debug, Default)]
pub struct LastAnswers {
    by_kind: HashMap<(String, Vec<String>), Reply>,
}

impl LastAnswers {
    /// Notes the answer to a request that was done, and gives the one before it where that is another one.
    pub fn replace(&mut self, request: &Request, reply: &Reply) -> Option<Reply> {
        let mut path: Vec<String> = request
            .segments()
            .into_iter()
            .map(Cow::into_owned)
            .collect();
        if path.first().is_none_or(|first| first != "v2") || !(200..300).contains(&reply.status) {
            return None;
        }
        if let Some(id) = path.get_mut(PLACE_OF_ID) {
            id.clear();
        }
        self.by_kind
            .insert((request.method.clone(), path), reply.clone())
            .filter(|before| before.body != reply.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str) -> Request {
        Request {
            connection: 1,
            method: method.into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            base_url: String::new(),
        }
    }

    #[test]
    fn the_answer_before_is_of_the_same_kind_and_another_one() {
        let mut last = LastAnswers::default();
        let mut answer = |method: &str, path: &str, status: u16, body: &str| {
            let reply = Reply {
                status,
                body: body.into(),
                ..Reply::default()
            };
            let before = last.replace(&request(method, path), &reply);
            before.map(|reply| String::from_utf8(reply.body).unwrap())
        };
        let other = |body: &str| Some(body.to_owned());
        assert_eq!(answer("GET", "/v2/meetings/1", 200, "one"), None);
        assert_eq!(
            answer("GET", "/v2/meetings/1", 200, "one"),
            None,
            "the same"
        );
        assert_eq!(answer("POST", "/v2/meetings/2", 200, "two"), None, "method");
        assert_eq!(answer("GET", "/v2/users/2", 200, "user"), None, "kind");
        assert_eq!(
            answer("GET", "/v2/meetings/2", 404, "none"),
            None,
            "no good answer"
        );
        assert_eq!(answer("GET", "/v2/meetings/2", 200, "two"), other("one"));
        assert_eq!(answer("GET", "/v2/meetings/3", 200, "three"), other("two"));
        assert_eq!(
            answer("GET", "/v2/meetings/3/invitation", 200, "text"),
            None
        );
        assert_eq!(answer("GET", "/oauth/token", 200, "a"), None);
        assert_eq!(
            answer("GET", "/oauth/token", 200, "b"),
            None,
            "not the API's"
        );
    }
}
