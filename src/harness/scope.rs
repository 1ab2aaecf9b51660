//! The scopes: the account, its organizations, their projects.

use std::sync::Arc;

use super::{
    OrgIdentifier, Permissions, ProjectIdentifier, Projects, ResourceGroups, Resources,
    RoleAssignments, Roles, ScopeLevel, ServiceAccounts, UserGroups, Users,
};
use crate::error::Error;
use crate::model::{Arg, arg, text};
use crate::transport::Transport;

/// The account, an organization or a project: what roles are assigned in. See
/// [`Harness::account`](super::Harness::account), [`Harness::org`](super::Harness::org) and
/// [`project`](Self::project).
///
/// ```no_run
/// # fn example(harness: rolecall::Harness) {
/// let org = harness.org("platform");
/// let in_org = org.role_assignments().list();
/// let in_project = org.project("web").role_assignments().list();
/// # let _ = (in_org, in_project);
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Scope {
    pub(super) transport: Transport,
    pub(super) account_id: Option<Arc<str>>,
    pub(super) place: Place,
}

impl Scope {
    /// Returns the handle of a project of this organization: `/v1/orgs/{org}/projects/{project}`.
    ///
    /// An invalid identifier is reported by the calls made from the handle, and so is a project of
    /// a scope that is not an organization.
    pub fn project(&self, project: impl TryInto<ProjectIdentifier, Error: Into<Error>>) -> Scope {
        let org = match &self.place {
            Place::Org(org) => org.clone(),
            _ => Err(Error::invalid("project", "must belong to an organization")),
        };
        Scope { place: Place::Project(org, arg(project)), ..self.clone() }
    }

    /// Returns the handle of the projects of this organization. Calls made from the handle of a
    /// scope that is not an organization are refused.
    pub fn projects(&self) -> Projects {
        let place = match &self.place {
            Place::Org(_) => self.place.clone(),
            _ => Place::Org(Err(Error::invalid("projects", "must be those of an organization"))),
        };
        Resources::new(Scope { place, ..self.clone() })
    }

    /// Returns the handle of the role assignments in this scope.
    pub fn role_assignments(&self) -> RoleAssignments {
        Resources::new(self.clone())
    }

    /// Returns the handle of the roles in this scope.
    pub fn roles(&self) -> Roles {
        Resources::new(self.clone())
    }

    /// Returns the handle of the resource groups in this scope.
    pub fn resource_groups(&self) -> ResourceGroups {
        Resources::new(self.clone())
    }

    /// Returns the handle of the users in this scope.
    pub fn users(&self) -> Users {
        Users { scope: self.clone() }
    }

    /// Returns the handle of the user groups in this scope.
    pub fn user_groups(&self) -> UserGroups {
        UserGroups { scope: self.clone() }
    }

    /// Returns the handle of the service accounts in this scope.
    pub fn service_accounts(&self) -> ServiceAccounts {
        ServiceAccounts { scope: self.clone() }
    }

    /// Returns the handle of the catalogue of permissions, as it is for this scope.
    pub fn permissions(&self) -> Permissions {
        Permissions { scope: self.clone() }
    }
}

/// Which scope it is.
#[derive(Clone, Debug)]
pub enum Place {
    Account,
    Org(Arg<OrgIdentifier>),
    Project(Arg<OrgIdentifier>, Arg<ProjectIdentifier>),
}

impl Place {
    /// The values of a path in this scope: organization and project where there are any, then what
    /// follows.
    ///
    /// # Errors
    /// That of an identifier that cannot be used.
    pub(super) fn path<'a>(
        &'a self,
        identifier: impl Into<Option<&'a str>>,
    ) -> Result<Vec<&'a str>, Error> {
        let mut values = match self {
            Self::Account => Vec::new(),
            Self::Org(org) => vec![text(org)?],
            Self::Project(org, project) => vec![text(org)?, text(project)?],
        };
        values.extend(identifier.into());
        Ok(values)
    }

    pub(super) fn level(&self) -> ScopeLevel {
        match self {
            Self::Account => ScopeLevel::Account,
            Self::Org(_) => ScopeLevel::Organization,
            Self::Project(..) => ScopeLevel::Project,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::Harness;

    #[test]
    fn invalid_scope_never_becomes_a_wider_one() {
        let harness = Harness::builder("fake").base_url("http://127.0.0.1:1");
        let harness = harness.build().expect("it is set up well");
        let org = harness.org("platform");
        let path = |scope: &super::Scope| {
            let request = scope.role_assignments().get("a").request();
            request.map(|request| request.uri().path().to_owned())
        };
        let project = "/v1/orgs/platform/projects/web/role-assignments/a";
        assert_eq!(path(&org.project("web")).expect("it is complete"), project);
        for (scope, rule) in [
            (harness.org(".."), "org: must not be"),
            (harness.org("").project("web"), "org: must not be empty"),
            (org.project("a\nb"), "project: must not contain control characters"),
            (harness.account().project("web"), "project: must belong to an organization"),
            (org.project("web").project("web"), "project: must belong to an organization"),
        ] {
            let error = path(&scope).expect_err(rule);
            assert!(error.to_string().contains(rule), "{error}");
        }
    }
}
