//! The REST operations: their paths, rate limit labels and scopes, as section 3.3 of the reference lists them.

use crate::limits::Label;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    CreateMeeting,
    ListMeetings,
    UpcomingMeetings,
    GetMeeting,
    UpdateMeeting,
    DeleteMeeting,
    MeetingStatus,
    Invitation,
    PastMeeting,
    PastInstances,
    ListUsers,
    GetUser,
    UserSettings,
    UserToken,
    UserZak,
}

use Operation::{
    CreateMeeting, DeleteMeeting, GetMeeting, GetUser, Invitation, ListMeetings, ListUsers,
    MeetingStatus, PastInstances, PastMeeting, UpcomingMeetings, UpdateMeeting, UserSettings,
    UserToken, UserZak,
};

impl Operation {
    /// The operation at `method` and the segments after `/v2`, with the id in the path.
    pub fn find(method: &str, segments: &[&str]) -> Option<(Self, String)> {
        let (operation, id) = match (method, segments) {
            ("GET", ["users"]) => (ListUsers, ""),
            ("GET", ["users", id]) => (GetUser, *id),
            ("GET", ["users", id, "settings"]) => (UserSettings, *id),
            ("GET", ["users", id, "token"]) => (UserToken, *id),
            ("GET", ["users", id, "zak"]) => (UserZak, *id),
            ("POST", ["users", id, "meetings"]) => (CreateMeeting, *id),
            ("GET", ["users", id, "meetings"]) => (ListMeetings, *id),
            ("GET", ["users", id, "upcoming_meetings"]) => (UpcomingMeetings, *id),
            ("GET", ["meetings", id]) => (GetMeeting, *id),
            ("PATCH", ["meetings", id]) => (UpdateMeeting, *id),
            ("DELETE", ["meetings", id]) => (DeleteMeeting, *id),
            ("PUT", ["meetings", id, "status"]) => (MeetingStatus, *id),
            ("GET", ["meetings", id, "invitation"]) => (Invitation, *id),
            ("GET", ["past_meetings", id]) => (PastMeeting, *id),
            ("GET", ["past_meetings", id, "instances"]) => (PastInstances, *id),
            _ => return None,
        };
        Some((operation, id.to_owned()))
    }

    pub fn label(self) -> Label {
        match self {
            CreateMeeting | ListMeetings | UpcomingMeetings | PastInstances | ListUsers
            | UserSettings => Label::Medium,
            _ => Label::Light,
        }
    }

    /// The classic and the granular scope, without `:admin`.
    pub fn scopes(self) -> (&'static str, &'static str) {
        match self {
            CreateMeeting => ("meeting:write", "meeting:write:meeting"),
            ListMeetings => ("meeting:read", "meeting:read:list_meetings"),
            UpcomingMeetings => ("meeting:read", "meeting:read:list_upcoming_meetings"),
            GetMeeting => ("meeting:read", "meeting:read:meeting"),
            UpdateMeeting => ("meeting:write", "meeting:update:meeting"),
            DeleteMeeting => ("meeting:write", "meeting:delete:meeting"),
            MeetingStatus => ("meeting:write", "meeting:update:status"),
            Invitation => ("meeting:read", "meeting:read:invitation"),
            PastMeeting => ("meeting:read", "meeting:read:past_meeting"),
            PastInstances => ("meeting:read", "meeting:read:list_past_instances"),
            ListUsers => ("user:read", "user:read:list_users"),
            GetUser => ("user:read", "user:read:user"),
            UserSettings => ("user:read", "user:read:settings"),
            UserToken => ("user:read", "user:read:token"),
            UserZak => ("user_zak:read", "user:read:zak"),
        }
    }

    /// Only the `:admin` form of the scope exists.
    pub fn is_for_administrators(self) -> bool {
        self == ListUsers
    }

    /// Whether the id in the path names a user.
    pub fn is_about_a_user(self) -> bool {
        matches!(
            self,
            GetUser
                | UserSettings
                | UserToken
                | UserZak
                | CreateMeeting
                | ListMeetings
                | UpcomingMeetings
        )
    }
}
