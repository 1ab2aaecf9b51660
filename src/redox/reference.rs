//! The references to users and roles in a request.

use serde::Serialize;

use super::Reference;
use crate::declare::getters;
use crate::error::Error;

/// A user and the role that the user is to have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[must_use]
pub struct NewRoleAssignment {
    role: RoleRef,
    user: UserRef,
}

impl NewRoleAssignment {
    /// Says that the user is to have the role.
    pub fn new(role: RoleRef, user: UserRef) -> Self {
        Self { role, user }
    }

    getters! {
        /// Returns the role.
        borrow role: RoleRef;

        /// Returns the user.
        borrow user: UserRef;
    }
}

/// Declares a reference by id, by name, or by both.
macro_rules! reference {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        ///
        /// The vendor marks neither field as required and does not say whether one alone is
        /// enough; a reference without either is refused here.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
        pub struct $name {
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<String>,
        }

        impl $name {
            /// Refers by id and human-readable name; an empty one of them is left out.
            ///
            /// # Errors
            /// An invalid-request error if both are empty.
            pub fn new(id: impl Into<String>, name: impl Into<String>) -> Result<Self, Error> {
                let filled = |text: String| Some(text).filter(|text| !text.is_empty());
                let (id, name) = (filled(id.into()), filled(name.into()));
                if id.is_none() && name.is_none() {
                    return Err(Error::invalid($what, "id and name must not both be empty"));
                }
                Ok(Self { id, name })
            }

            /// Refers by id alone.
            ///
            /// # Errors
            /// An invalid-request error if the id is empty.
            pub fn id(id: impl Into<String>) -> Result<Self, Error> {
                Self::new(id, "").map_err(|_| Error::invalid(concat!($what, ".id"), "must not be empty"))
            }

            /// Refers by name alone.
            ///
            /// # Errors
            /// An invalid-request error if the name is empty.
            pub fn name(name: impl Into<String>) -> Result<Self, Error> {
                Self::new("", name).map_err(|_| Error::invalid(concat!($what, ".name"), "must not be empty"))
            }

            /// Returns the id, if there is one.
            pub fn get_id(&self) -> Option<&str> {
                self.id.as_deref()
            }

            /// Returns the name, if there is one.
            pub fn get_name(&self) -> Option<&str> {
                self.name.as_deref()
            }
        }
    };
}

reference! {
    /// A role, by its id (the vendor calls it a uuid, and types it as text) or its name.
    RoleRef, "role"
}

impl RoleRef {
    /// Whether this is the role: by id, or by name where no id was given.
    pub(super) fn matches(&self, role: &Reference) -> bool {
        if self.id.is_some() { self.id == role.id } else { self.name == role.name }
    }
}

reference! {
    /// A user, by id or name.
    UserRef, "user"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_references_are_refused_by_name() {
        for (result, named) in [
            (RoleRef::id("").map(drop), "role.id: must not be empty"),
            (RoleRef::name("").map(drop), "role.name: must not be empty"),
            (UserRef::id("").map(drop), "user.id: must not be empty"),
            (UserRef::name("").map(drop), "user.name: must not be empty"),
            (UserRef::new("", "").map(drop), "user: id and name must not both be empty"),
        ] {
            assert!(result.expect_err(named).to_string().contains(named));
        }
        let role = RoleRef::new("r", "").expect("it has an id");
        assert_eq!(serde_json::to_string(&role).expect("it is JSON"), r#"{"id":"r"}"#);
    }
}
