//! Pages of lists: `page_size`, `page_number`, `next_page_token`.

use serde_json::{Value, json};

use crate::call::validation_failed;
use crate::clock::after;
use crate::message::{Reply, Request};
use crate::state::{PageToken, State};

const MAX_SIZE: usize = 300;
const DEFAULT_SIZE: usize = 30;
const TOKEN_SECONDS: i64 = 15 * 60;

/// Cuts the page that `request` asks for out of `items` and wraps it as Zoom does. `list` names the list with its
/// filters: a token of another list is refused. Only what is on the page is shown in full.
pub fn page<T>(
    state: &mut State,
    request: &Request,
    list: &str,
    key: &str,
    items: Vec<T>,
    show: impl Fn(&State, T) -> Option<Value>,
) -> Result<Reply, Reply> {
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
    let items: Vec<Value> = items
        .into_iter()
        .skip(offset)
        .take(size)
        .filter_map(|item| show(state, item))
        .collect();
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
    Ok(Reply::api(
        200,
        &json!({
            "page_count": total.div_ceil(size),
            "page_number": offset / size + 1,
            "page_size": size,
            "total_records": total,
            "next_page_token": next,
            key: items,
        }),
    ))
}
