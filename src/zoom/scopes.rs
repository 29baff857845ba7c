//! The scopes that telemed needs, what each is for, and which are missing from those granted.
//!
//! Zoom knows two namings: granular (`meeting:write:meeting`) and, for older apps, classic (`meeting:write`). A
//! Server-to-Server app has `:admin` on each.

/// One scope in both namings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Scope {
    /// Granular name, without `:admin`.
    pub granular: &'static str,
    /// Classic name, without `:admin`.
    pub classic: &'static str,
    /// What does not work without it.
    pub feature: &'static str,
    /// Whether meetings cannot be held without it.
    pub required: bool,
    /// Whether only a Server-to-Server app needs it.
    pub account_only: bool,
}

/// All scopes; nothing else is asked for.
pub(crate) const SCOPES: [Scope; 8] = [
    required(
        "meeting:write:meeting",
        "meeting:write",
        "creating meetings",
    ),
    required("meeting:update:meeting", "meeting:write", "moving meetings"),
    required(
        "meeting:delete:meeting",
        "meeting:write",
        "cancelling meetings",
    ),
    required("meeting:read:meeting", "meeting:read", "starting meetings"),
    required("user:read:user", "user:read", "recognising the host"),
    optional(
        "meeting:read:list_meetings",
        "meeting:read",
        "finding meetings again after a lost answer, and reconciling",
    ),
    optional(
        "user:read:settings",
        "user:read",
        "reading the passcode policy and the account's settings",
    ),
    Scope {
        account_only: true,
        ..optional(
            "user:read:list_users",
            "user:read",
            "choosing hosts from a list",
        )
    },
];

const fn required(granular: &'static str, classic: &'static str, feature: &'static str) -> Scope {
    Scope {
        granular,
        classic,
        feature,
        required: true,
        account_only: false,
    }
}

const fn optional(granular: &'static str, classic: &'static str, feature: &'static str) -> Scope {
    Scope {
        required: false,
        ..required(granular, classic, feature)
    }
}

/// The names to give an app, granular; `account` for a Server-to-Server app.
#[must_use]
pub(crate) fn wanted(account: bool) -> Vec<String> {
    missing(&[], account)
        .into_iter()
        .map(|missing| missing.name)
        .collect()
}

/// A scope that was not granted, in the naming that the app uses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Missing {
    /// The scope's name, with `:admin` for an account.
    pub name: String,
    /// The scope.
    pub scope: Scope,
}

/// The scopes of [`SCOPES`] that are not among `granted`; `account` for a Server-to-Server app.
#[must_use]
pub(crate) fn missing(granted: &[String], account: bool) -> Vec<Missing> {
    let base = |name: &String| name.strip_suffix(":admin").unwrap_or(name).to_owned();
    let granted: Vec<String> = granted.iter().map(base).collect();
    let classic = !granted.is_empty() && granted.iter().all(|name| name.matches(':').count() < 2);
    SCOPES
        .into_iter()
        .filter(|scope| account || !scope.account_only)
        .filter(|scope| {
            !granted
                .iter()
                .any(|name| name == scope.granular || name == scope.classic)
        })
        .map(|scope| Missing {
            name: format!(
                "{}{}",
                if classic {
                    scope.classic
                } else {
                    scope.granular
                },
                if account { ":admin" } else { "" }
            ),
            scope,
        })
        .collect()
}

/// Whether a scope, given by its granular name, is among `granted`.
#[must_use]
pub(crate) fn has(granted: &[String], granular: &str) -> bool {
    let Some(scope) = SCOPES.iter().find(|scope| scope.granular == granular) else {
        return false;
    };
    granted.iter().any(|name| {
        let name = name.strip_suffix(":admin").unwrap_or(name);
        name == scope.granular || name == scope.classic
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(granted: &str, account: bool) -> Vec<String> {
        let granted: Vec<_> = granted.split_whitespace().map(str::to_owned).collect();
        missing(&granted, account)
            .into_iter()
            .map(|missing| missing.name)
            .collect()
    }

    #[test]
    fn the_classic_set_is_enough() {
        assert!(names("meeting:write meeting:read user:read", false).is_empty());
        assert!(
            names(
                "meeting:write:admin meeting:read:admin user:read:admin",
                true
            )
            .is_empty()
        );
    }

    #[test]
    fn the_granular_set_is_enough() {
        let user = "meeting:write:meeting meeting:update:meeting meeting:delete:meeting meeting:read:meeting user:read:user meeting:read:list_meetings user:read:settings";
        assert!(names(user, false).is_empty());
        assert_eq!(names(user, true), ["user:read:list_users:admin"]);
    }

    #[test]
    fn what_is_wanted_is_enough_and_none_of_it_too_much() {
        for (account, count) in [(false, 7), (true, 8)] {
            let wanted = wanted(account);
            assert_eq!(wanted.len(), count);
            assert!(missing(&wanted, account).is_empty());
            for index in 0..count {
                let mut fewer = wanted.clone();
                let name = fewer.remove(index);
                assert_eq!(missing(&fewer, account).len(), 1, "{name}");
                assert_eq!(name.ends_with(":admin"), account);
            }
        }
    }

    #[test]
    fn what_is_missing_is_named_as_the_app_names_its_scopes() {
        assert_eq!(names("meeting:read user:read", false), ["meeting:write"; 3]);
        assert!(
            names("meeting:write:meeting:admin", true).contains(&"user:read:user:admin".to_owned())
        );
        assert_eq!(names("", false).len(), 7);
    }

    #[test]
    fn a_scope_is_found_in_either_naming() {
        let granted = |text: &str| vec![text.to_owned()];
        assert!(has(
            &granted("meeting:read:admin"),
            "meeting:read:list_meetings"
        ));
        assert!(has(
            &granted("meeting:read:list_meetings"),
            "meeting:read:list_meetings"
        ));
        assert!(!has(
            &granted("meeting:write"),
            "meeting:read:list_meetings"
        ));
    }
}
