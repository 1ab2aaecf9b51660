//! A fake of Twilio Organizations, with its token endpoint.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::service::{
    Fake, Shared, State, answer, counted_sid, derefs_to_fake, filled, header, is_type, json_object,
    segments,
};
use crate::Error;
use crate::twilio::iam::{RoleAssignment, TwilioIam, TwilioIamBuilder};
use crate::twilio::{OrganizationSid, RoleSid, Sid};

/// Twilio's role assignments and the token endpoint at `/v2/token`, on one address.
///
/// It gives tokens for [`CLIENT_ID`](Self::CLIENT_ID) and [`CLIENT_SECRET`](Self::CLIENT_SECRET),
/// counts them, accepts any organization, and checks the SIDs of an assignment.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rolecall::testing::TwilioIamFake;
/// use rolecall::twilio::iam::NewRoleAssignment;
///
/// let fake = TwilioIamFake::start().await?;
/// let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
/// let wanted = NewRoleAssignment::new(
///     "IX00000000000000000000000000000104",
///     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
///     "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
/// )?;
/// organization.role_assignments().create(&wanted).await?;
///
/// // A token that is not accepted any more is renewed once.
/// fake.revoke_tokens();
/// organization.role_assignments().create(&wanted).await?;
/// assert_eq!(fake.tokens_given(), 2);
/// # Ok(())
/// # }
/// ```
pub struct TwilioIamFake {
    fake: Fake,
    state: Shared<Held>,
}

derefs_to_fake!(TwilioIamFake);

/// What becomes of a second identical role assignment. What the service does is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TwilioDuplicates {
    /// A second assignment is made: the worse case for whoever repeats blindly. The default.
    #[default]
    Accepted,
    /// It is refused with 409.
    Refused,
}

struct Held {
    duplicates: TwilioDuplicates,
    token_lifetime: Duration,
    token_status: u16,
    tokens_given: u64,
    first_valid: u64,
    assignments: Vec<(String, Value)>,
    requests: usize,
}

impl TwilioIamFake {
    /// The client id that the fake accepts.
    pub const CLIENT_ID: &str = "OQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// Its secret; obviously fake.
    pub const CLIENT_SECRET: &str = "obviously-fake-client-secret";

    /// Starts on a free port.
    ///
    /// # Errors
    /// The error of the operating system if no port can be had.
    pub async fn start() -> io::Result<Self> {
        let state = Shared::new(Held {
            duplicates: TwilioDuplicates::default(),
            token_lifetime: Duration::from_secs(3600),
            token_status: 200,
            tokens_given: 0,
            first_valid: 1,
            assignments: Vec::new(),
            requests: 0,
        });
        Ok(Self { fake: Fake::start(&state).await?, state })
    }

    /// A client that points here, for its tokens too.
    ///
    /// # Errors
    /// None in practice; that of [`TwilioIamBuilder::build`].
    pub fn client(&self) -> Result<TwilioIam, Error> {
        self.builder().build()
    }

    /// A builder of a client that points here, to change further.
    pub fn builder(&self) -> TwilioIamBuilder {
        TwilioIam::builder(Self::CLIENT_ID, Self::CLIENT_SECRET)
            .base_url(self.uri())
            .token_url(self.token_url())
    }

    /// The address of the token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v2/token", self.uri())
    }

    /// Sets what becomes of duplicates.
    pub fn duplicates(&self, duplicates: TwilioDuplicates) {
        self.state.lock().duplicates = duplicates;
    }

    /// How long the next tokens last, in whole seconds; an hour by default.
    pub fn token_lifetime(&self, lifetime: Duration) {
        self.state.lock().token_lifetime = lifetime;
    }

    /// The status of the token endpoint's answers: 200 by default, 201 on the vendor's older hosts.
    pub fn token_status(&self, status: u16) {
        self.state.lock().token_status = status;
    }

    /// From now on the tokens given so far are refused with 401.
    pub fn revoke_tokens(&self) {
        let mut state = self.state.lock();
        state.first_valid = state.tokens_given + 1;
    }

    /// How many tokens were given.
    #[must_use]
    pub fn tokens_given(&self) -> u64 {
        self.state.lock().tokens_given
    }

    /// The role assignments that were created, in order.
    #[must_use]
    pub fn role_assignments(&self) -> Vec<RoleAssignment> {
        let state = self.state.lock();
        let held = state.assignments.iter();
        held.filter_map(|(_, value)| serde_json::from_value(value.clone()).ok()).collect()
    }
}

impl State for Held {
    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        self.requests += 1;
        let segments = segments(request);
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), &parts[..]) {
            ("POST", ["v2", "token"]) => return self.token(request),
            _ if !self.is_authenticated(request) => {
                refuse("application/json", "more_info", 401, 20003, "Authenticate")
            }
            ("POST", ["Organizations", organization, "RoleAssignments"]) => {
                self.create(organization, request)
            }
            _ => {
                let message = "The requested resource was not found";
                refuse("application/json", "more_info", 404, 20404, message)
            }
        };
        documented_headers(answer, self.requests)
    }
}

impl Held {
    fn token(&mut self, request: &Request) -> ResponseTemplate {
        let form: Vec<(String, String)> = if is_type(request, "application/x-www-form-urlencoded") {
            serde_urlencoded::from_bytes(&request.body).unwrap_or_default()
        } else {
            Vec::new()
        };
        let is = |field: &str, wanted: &str| {
            form.iter().any(|(key, value)| key == field && value == wanted)
        };
        if !is("grant_type", "client_credentials") {
            let message = "grant_type must be client_credentials";
            return refuse("application/json", "more_info", 400, 20001, message);
        }
        if !is("client_id", TwilioIamFake::CLIENT_ID)
            || !is("client_secret", TwilioIamFake::CLIENT_SECRET)
        {
            return refuse("application/json", "more_info", 401, 20003, "Authenticate");
        }
        self.tokens_given += 1;
        let body = json!({
            "access_token": format!("obviously-fake-token-{}", self.tokens_given),
            "token_type": "Bearer",
            "expires_in": self.token_lifetime.as_secs(),
            "refresh_token": null,
            "id_token": null,
        });
        answer(self.token_status, "application/json", &body)
    }

    fn is_authenticated(&self, request: &Request) -> bool {
        let prefix = "Bearer obviously-fake-token-";
        header(request, "authorization")
            .and_then(|value| value.strip_prefix(prefix)?.parse().ok())
            .is_some_and(|number: u64| (self.first_valid..=self.tokens_given).contains(&number))
    }

    fn create(&mut self, organization: &str, request: &Request) -> ResponseTemplate {
        let refuse = |status, code, message| {
            refuse("application/scim+json", "moreInfo", status, code, message)
        };
        if OrganizationSid::new(organization).is_err() {
            return refuse(400, 25106, "Invalid organization");
        }
        let Some(wanted) = json_object(request) else {
            return refuse(400, 25106, "The body must be a JSON object");
        };
        let field = |name: &str| filled(&wanted, name).unwrap_or_default();
        if RoleSid::new(field("role_sid")).is_err() {
            return refuse(400, 25202, "Invalid role");
        }
        if Sid::new(field("scope")).is_err() {
            return refuse(400, 25200, "Invalid scope");
        }
        if Sid::new(field("identity")).is_err() {
            return refuse(400, 25201, "Invalid identity");
        }
        let mut made = wanted.clone();
        let same = |(own, held): &(String, Value)| {
            let mut held = held.clone();
            if let Some(held) = held.as_object_mut() {
                held.remove("sid");
            }
            own == organization && held == wanted
        };
        if self.duplicates == TwilioDuplicates::Refused && self.assignments.iter().any(same) {
            // No code is known for it.
            let body = json!({"message": "The role assignment exists already", "status": 409});
            return answer(409, "application/scim+json", &body);
        }
        made["sid"] = counted_sid("IY", self.assignments.len() + 1).into();
        self.assignments.push((organization.to_owned(), made.clone()));
        answer(201, "application/json", &made)
    }
}

fn refuse(
    content_type: &str,
    more_info: &str,
    status: u16,
    code: i64,
    message: &str,
) -> ResponseTemplate {
    answer(status, content_type, &twilio_error(more_info, status, code, message))
}

/// A Twilio error body; the name of its link varies.
pub(super) fn twilio_error(more_info: &str, status: u16, code: i64, message: &str) -> Value {
    let mut body = json!({"code": code, "message": message, "status": status});
    body[more_info] = format!("https://www.twilio.com/docs/api/errors/{code}").into();
    body
}

/// The five headers that Twilio documents on every answer, and the id of the request.
pub(super) fn documented_headers(answer: ResponseTemplate, request: usize) -> ResponseTemplate {
    answer
        .insert_header("Access-Control-Allow-Origin", "*")
        .insert_header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
        .insert_header("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type")
        .insert_header("Access-Control-Allow-Credentials", "true")
        .insert_header("Access-Control-Expose-Headers", "ETag, Twilio-Request-Id")
        .insert_header("Twilio-Request-Id", counted_sid("RQ", request))
}
