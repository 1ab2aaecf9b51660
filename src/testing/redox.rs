//! A fake of the Redox Platform.

use std::io;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, derefs_to_fake, filled, header, json_object, segments,
};
use crate::Error;
use crate::redox::{Redox, RedoxBuilder};

/// Redox's organization role assignments, below `/platform` as the service has them.
///
/// It wants the token [`TOKEN`](Self::TOKEN) and accepts any organization. A user has one role in
/// an organization; assigning another replaces it. Its error bodies (`{"message": …}`) are a
/// choice: the service documents none.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::redox::{NewRoleAssignment, RoleRef, UserRef};
/// use rolecall::testing::{Fault, RedoxFake};
///
/// let fake = RedoxFake::start().await?;
/// let assignments = fake.client()?.organization("7")?.role_assignments();
/// let wanted = NewRoleAssignment::new(RoleRef::id("r-1")?, UserRef::id("u-1")?);
///
/// // A PUT is idempotent: a connection that broke is no reason to give up.
/// fake.next(1, Fault::reset().after_processing());
/// assignments.assign(&wanted).await?;
/// assert_eq!(fake.memberships().len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct RedoxFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(RedoxFake);

/// Who has which role in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The organization's id.
    pub organization: String,
    /// The user's id, or the name where no id was sent.
    pub user: String,
    /// The role's id, or the name where no id was sent.
    pub role: String,
}

#[derive(Default)]
struct Held {
    memberships: Vec<Membership>,
}

impl RedoxFake {
    /// The token that the fake accepts; obviously fake.
    pub const TOKEN: &str = "obviously-fake-redox-token";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held::default());
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here.
    ///
    /// # Errors
    /// None in practice; that of [`RedoxBuilder::build`].
    pub fn client(&self) -> Result<Redox, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> RedoxBuilder {
        Redox::builder(Self::TOKEN).base_url(format!("{}/platform", self.uri()))
    }

    /// Who has which role, in the order of first assignment.
    #[must_use]
    pub fn memberships(&self) -> Vec<Membership> {
        self.state.lock().memberships.clone()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        if header(request, "authorization") != Some(&format!("Bearer {}", RedoxFake::TOKEN)) {
            return refuse(401, "Unauthorized");
        }
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["platform", "v1", "organizations", organization, "role-assignment"] = parts[..] else {
            return refuse(404, "Not found");
        };
        if request.method != "PUT" {
            return refuse(404, "Not found");
        }
        let Some(wanted) = json_object(request) else {
            return refuse(400, "The body must be a JSON object");
        };
        let reference = |field: &str| {
            let object: &Value = &wanted[field];
            filled(object, "id").or(filled(object, "name")).map(str::to_owned)
        };
        let (Some(role), Some(user)) = (reference("role"), reference("user")) else {
            return refuse(400, "role and user must be given");
        };
        let organization = organization.to_owned();
        let held = self
            .memberships
            .iter_mut()
            .find(|held| held.organization == organization && held.user == user);
        match held {
            Some(held) => held.role = role,
            None => self.memberships.push(Membership { organization, user, role }),
        }
        let body = json!({"meta": {"version": "1.0.0"}, "payload": {"success": true}});
        answer(200, "application/json", &body)
    }
}

fn refuse(status: u16, message: &str) -> ResponseTemplate {
    answer(status, "application/json", &json!({ "message": message }))
}
