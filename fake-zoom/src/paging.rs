//! Pages of lists: `page_size`, `page_number`, `next_page_token`.

use serde::Serialize;

use crate::call::validation_failed;
use crate::clock::after;
use crate::message::{Reply, Request};
use crate::state::{PageToken, State};

const MAX_SIZE: usize = 300;
const DEFAULT_SIZE: usize = 30;
const TOKEN_SECONDS: i64 = 15 * 60;

/// What an answer says about the page that it is.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "Zoom's names")]
pub struct Page {
    next_page_token: String,
    page_count: usize,
    page_number: usize,
    page_size: usize,
    total_records: usize,
}

/// Cuts the page that `request` asks for out of `items`. `list` names the list with its filters: a token of another list
/// is refused.
pub fn page<T>(
    state: &mut State,
    request: &Request,
    list: &str,
    items: Vec<T>,
) -> Result<(Page, Vec<T>), Reply> {
    let number = |name: &str, default: usize, max: usize| match request
        .query_value(name)
        .filter(|text| !text.is_empty())
    {
        None => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|number| (1..=max).contains(number))
            .ok_or_else(|| validation_failed(&[(name.to_owned(), "Invalid field.")])),
    };
    let size = number("page_size", DEFAULT_SIZE, MAX_SIZE)?;
    let page_number = number("page_number", 1, usize::MAX / MAX_SIZE)?;
    let now = state.now();
    state.page_tokens.retain(|_, token| token.expires_at > now);
    let offset = match request
        .query_value("next_page_token")
        .filter(|text| !text.is_empty())
    {
        None => (page_number - 1) * size,
        Some(text) => state
            .page_tokens
            .get(&text)
            .filter(|token| token.list == list)
            .map(|token| token.offset)
            .ok_or_else(|| {
                Reply::error(
                    400,
                    300,
                    "The next page token is either invalid or has expired.",
                )
            })?,
    };
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(offset).take(size).collect();
    let reached = offset + items.len();
    let next = if reached < total && !items.is_empty() {
        let text = state.random.alphanumeric(35);
        let token = PageToken {
            list: list.to_owned(),
            offset: reached,
            expires_at: after(now, TOKEN_SECONDS),
        };
        state.page_tokens.insert(text.clone(), token);
        text
    } else {
        String::new()
    };
    let page = Page {
        next_page_token: next,
        page_count: total.div_ceil(size),
        page_number: offset / size + 1,
        page_size: size,
        total_records: total,
    };
    Ok((page, items))
}
