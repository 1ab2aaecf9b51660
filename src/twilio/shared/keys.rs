//! Ids of services, roles and people.

use crate::error::Error;
use crate::model::{check_opaque, check_sid, checked_id, sid};
use crate::twilio::UserSid;

sid! {
    /// A service of Chat and Conversations: `IS` and 32 hexadecimal digits.
    ServiceSid, "ServiceSid", Some("IS")
}

sid! {
    /// A role of such a service: `RL` and 32 hexadecimal digits. In responses it is kept unchanged.
    RoleSid, "RoleSid", Some("RL")
}

checked_id! {
    /// The name by which a program knows a user, unique in the service and case-sensitive.
    ///
    /// It has 1 to 256 characters (*documented* for participants of Conversations, inferred for Chat)
    /// and must not look like the SID of a user (*observed*: 50206). The vendor advises against
    /// characters that are reserved in URIs.
    Identity, "Identity", |field, text| {
        check_text(field, text)?;
        match check_sid(field, Some("US"), text) {
            Ok(()) => Err(Error::invalid(field, "must not look like the SID of a user")),
            Err(_) => Ok(()),
        }
    }
}

/// # Errors
/// An invalid-request error that names the field and the rule.
pub(in crate::twilio) fn check_text(field: &str, text: &str) -> Result<(), Error> {
    check_opaque(field, text)?;
    match text.chars().count() {
        0..=256 => Ok(()),
        length => {
            Err(Error::invalid(field, format!("must be at most 256 characters long, got {length}")))
        }
    }
}

/// Declares what stands in a path for a thing: its SID, or another name of it.
macro_rules! key {
    ($(#[$meta:meta])* $name:ident, $field:literal, $($from:ident),+) => {
        $crate::model::checked_id! {
            $(#[$meta])* $name, $field, $crate::twilio::shared::check_key
        }

        $(
            impl From<$from> for $name {
                fn from(id: $from) -> Self {
                    Self::new_unchecked(id.as_str())
                }
            }

            impl From<&$from> for $name {
                fn from(id: &$from) -> Self {
                    Self::new_unchecked(id.as_str())
                }
            }
        )+
    };
}

pub(in crate::twilio) use key;

key! {
    /// A user by SID (`US…`) or identity.
    UserKey, "User", UserSid, Identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_and_keys_have_rules() {
        let sid = "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        for good in ["alice", "US", "é@x.example", &"é".repeat(256)] {
            Identity::new(good).expect("it is an identity");
            UserKey::new(good).expect("it is one, too");
        }
        UserKey::new(sid).expect("it may be a SID");
        for (bad, named) in [
            ("", "Identity: must not be empty"),
            ("..", "Identity: must not be \".\""),
            ("a\nb", "Identity: must not contain control characters"),
            (sid, "Identity: must not look like the SID of a user"),
            (&"é".repeat(257), "Identity: must be at most 256 characters long, got 257"),
        ] {
            let error = Identity::new(bad).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(UserKey::new("é".repeat(257)).is_err());
    }
}
