//! What the columns call each thing.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BadColumn;
use super::Result;
use crate::visit::life::Pending;
use crate::visit::life::WishKind;
use crate::visit::maker::Mode;
use crate::visit::meeting::End;
use crate::visit::meeting::Role;
use crate::visit::notice::Place;

/// The name of a variant without data, as serde writes it.
pub(crate) fn name_of(variant: &impl Serialize) -> Option<String> {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => Some(name),
        _ => None,
    }
}

pub(super) fn named<T: DeserializeOwned>(name: Option<&str>) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name?.to_owned())).ok()
}

const PENDING: [(Pending, &str); 6] = [
    (Pending::Wish(WishKind::Book), "book"),
    (Pending::Wish(WishKind::Reschedule), "reschedule"),
    (Pending::Wish(WishKind::Reassign), "reassign"),
    (Pending::Wish(WishKind::Cancel), "cancel"),
    (Pending::Wish(WishKind::Recreate), "recreate"),
    (Pending::Doubt, "doubt"),
];
const PLACES: [(Place, &str); 5] = [
    (Place::Waiting, "waiting"),
    (Place::Sending, "sending"),
    (Place::Sent, "sent"),
    (Place::Dropped, "dropped"),
    (Place::GivenUp, "given_up"),
];
const ENDS: [(End, &str); 5] = [
    (End::Deleted, "deleted"),
    (End::Gone, "gone"),
    (End::NoneMade, "none_made"),
    (End::Left, "left"),
    (End::NotFoundOut, "not_found_out"),
];

fn name<T: PartialEq>(of: &[(T, &'static str)], value: &T) -> Option<&'static str> {
    of.iter()
        .find(|(one, _)| one == value)
        .map(|(_, name)| *name)
}

fn value<T: Copy>(of: &[(T, &'static str)], name: Option<&str>) -> Option<T> {
    of.iter()
        .find(|(_, one)| Some(*one) == name)
        .map(|(value, _)| *value)
}

pub(super) fn pending_name(pending: Pending) -> &'static str {
    name(&PENDING, &pending).unwrap_or_default()
}

pub(super) fn pending_of(text: &str) -> Result<Pending> {
    value(&PENDING, Some(text)).ok_or(BadColumn("pending"))
}

pub(super) fn place_name(place: Place) -> &'static str {
    name(&PLACES, &place).unwrap_or_default()
}

pub(super) fn place_of(text: Option<&str>) -> Result<Place> {
    value(&PLACES, text).ok_or(BadColumn("place"))
}

pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::OAuth => "oauth",
        Mode::S2s => "s2s",
    }
}

pub(in super::super) fn mode_of(text: &str) -> Result<Mode> {
    match text {
        "oauth" => Ok(Mode::OAuth),
        "s2s" => Ok(Mode::S2s),
        _ => Err(BadColumn("mode")),
    }
}

pub(super) fn role_names(role: Role) -> (&'static str, Option<&'static str>) {
    match role {
        Role::Serves => ("serves", None),
        Role::Next => ("next", None),
        Role::Unwanted => ("unwanted", None),
        Role::Done(end) => ("done", name(&ENDS, &end)),
    }
}

pub(super) fn role_of(role: Option<&str>, ended: Option<&str>) -> Result<Role> {
    match (role, ended) {
        (Some("serves"), None) => Ok(Role::Serves),
        (Some("next"), None) => Ok(Role::Next),
        (Some("unwanted"), None) => Ok(Role::Unwanted),
        (Some("done"), ended) => value(&ENDS, ended)
            .map(Role::Done)
            .ok_or(BadColumn("ended")),
        _ => Err(BadColumn("role")),
    }
}
