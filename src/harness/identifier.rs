//! Identifiers: of what is to be created, and of what may be there.

use crate::error::Error;
use crate::model::{checked_id, opaque_id};

opaque_id! {
    /// The identifier of an organization that exists.
    OrgIdentifier, "org"
}

opaque_id! {
    /// The identifier of a project that exists.
    ProjectIdentifier, "project"
}

checked_id! {
    /// The identifier of a role assignment, role or resource group to be created: a letter or `_`,
    /// then at most 127 letters, digits, `_` or `$`, and none of the reserved words.
    ///
    /// The rule is documented for roles and resource groups, and *observed* for assignments. In
    /// responses an identifier is kept unchanged.
    Identifier, "identifier", check_identifier
}

opaque_id! {
    /// The identifier of a role assignment, role or resource group to look up: any text that can be
    /// part of a path, since the rule for [new ones](Identifier) may not hold for all that exist.
    AnyIdentifier, "identifier"
}

impl From<Identifier> for AnyIdentifier {
    fn from(id: Identifier) -> Self {
        Self::new_unchecked(id.as_str())
    }
}

impl From<&Identifier> for AnyIdentifier {
    fn from(id: &Identifier) -> Self {
        Self::new_unchecked(id.as_str())
    }
}

/// Words that the service refuses as identifiers (*observed*).
const RESERVED: &str = "or and eq ne lt gt le ge div mod not null true false new var return step \
    parallel stepGroup org account class shellScriptProvisioner";

pub(super) fn check_identifier(field: &str, id: &str) -> Result<(), Error> {
    let mut bytes = id.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
    if !first || !rest || id.len() > 128 {
        let rule = "must be a letter or \"_\", then at most 127 letters, digits, \"_\" or \"$\"";
        return Err(Error::invalid(field, rule));
    }
    if RESERVED.split(' ').any(|word| word == id) {
        return Err(Error::invalid(field, format!("must not be the reserved word \"{id}\"")));
    }
    Ok(())
}

pub(super) fn check_not_empty(field: &str, text: Option<&str>) -> Result<(), Error> {
    let filled = text.is_some_and(|text| !text.is_empty());
    if filled { Ok(()) } else { Err(Error::invalid(field, "must not be empty")) }
}

/// Checks that a part that is set is not empty: the service might take it for everything.
///
/// # Errors
/// An invalid-request error that names the field.
pub(super) fn check_part(field: &str, part: &Option<String>) -> Result<(), Error> {
    part.as_deref().map_or(Ok(()), |part| check_not_empty(field, Some(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_the_rule() {
        for good in ["a", "_", "A$9_", &"x".repeat(128), "stepgroup"] {
            Identifier::new(good).expect("it follows the rule");
        }
        for bad in
            ["", "1a", "a-b", "a b", "é", "$a", "a/b", "..", &"x".repeat(129), "stepGroup", "or"]
        {
            let error = Identifier::new(bad).expect_err(bad);
            assert!(error.to_string().contains("identifier: must"), "{error}");
        }
    }
}
