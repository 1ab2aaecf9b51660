//! A tour of the crate that needs no account anywhere: `cargo run --example tour`.
//!
//! Five fakes of the services start on this machine. One call goes to each; then a call is refused
//! and another one loses its connection, and the errors say what that means.

use std::array;
use std::error::Error;
use std::time::{Duration, Instant};

use rolecall::Call;
use rolecall::deepset::{self, Action, Asset, NewRole, Permission};
use rolecall::harness::{self, Principal};
use rolecall::redox::{self, RoleRef, UserRef};
use rolecall::testing::{
    DeepsetFake, Fault, HarnessFake, RedoxFake, TwilioChatFake, TwilioIamFake,
};
use rolecall::twilio::chat::{self, RoleType, permission};
use rolecall::twilio::iam;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let harness_fake = HarnessFake::start().await?;
    let deepset_fake = DeepsetFake::start().await?;

    println!("One call to each service. deepset first asks for a second's patience (429).\n");
    deepset_fake.next(1, Fault::status(429).retry_after(Duration::from_secs(1)));
    let rows = [
        twilio_iam().await?,
        twilio_chat().await?,
        harness(&harness_fake).await?,
        redox().await?,
        deepset(&deepset_fake).await?,
    ];
    print_table(&rows);

    println!("\nA refusal explains itself: this Harness key may not manage user groups.\n");
    refusal(&harness_fake).await?;

    println!(
        "\nA connection breaks after the service has acted: a second try may make two roles.\n"
    );
    broken_connection(&deepset_fake).await
}

async fn twilio_iam() -> Result<Row, Box<dyn Error>> {
    let fake = TwilioIamFake::start().await?;
    let organization = fake.client()?.organization("ORaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    let wanted = iam::NewRoleAssignment::new(
        "IX00000000000000000000000000000104", // the role
        "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // in this account
        "USaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", // for this user
    )?;
    // Fetching the access token is a part of the first call, and of the time it takes.
    let call = organization.role_assignments().create(&wanted);
    let id = |made: &iam::RoleAssignment| made.sid.to_string();
    row("twilio iam", "role-assignments.create", call, id).await
}

async fn twilio_chat() -> Result<Row, Box<dyn Error>> {
    let fake = TwilioChatFake::start().await?;
    let service = fake.client()?.service("ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    let permissions = [permission::SEND_MESSAGE, permission::LEAVE_CHANNEL];
    let wanted = chat::NewRole::new("moderator", RoleType::Channel, permissions)?;
    let call = service.roles().create(&wanted);
    // The vendor documents even the id as nullable.
    let id = |made: &chat::Role| made.sid.as_ref().map_or("-".into(), ToString::to_string);
    row("twilio chat", "roles.create", call, id).await
}

async fn harness(fake: &HarnessFake) -> Result<Row, Box<dyn Error>> {
    let call = fake.client()?.org("platform")?.role_assignments().create(&viewer("sre")?);
    let id = |made: &harness::RoleAssignmentResponse| made.role_assignment.identifier.to_string();
    row("harness", "role-assignments.create", call, id).await
}

fn viewer(group: &str) -> Result<harness::NewRoleAssignment, rolecall::Error> {
    harness::NewRoleAssignment::new(
        format!("{group}_view"),
        "_organization_viewer",
        "_all_organization_level_resources",
        Principal::user_group(group),
    )
}

async fn redox() -> Result<Row, Box<dyn Error>> {
    let fake = RedoxFake::start().await?;
    let wanted = redox::NewRoleAssignment::new(RoleRef::name("member")?, UserRef::id("user-1")?);
    let call = fake.client()?.organization("1234")?.role_assignments().assign(&wanted);
    // The service answers that it is done, and no id.
    row("redox", "role-assignment.assign", call, |_| "-".to_owned()).await
}

async fn deepset(fake: &DeepsetFake) -> Result<Row, Box<dyn Error>> {
    let files = Permission::new(Asset::Files, Action::Read);
    let wanted = NewRole::new("auditor", "May read files", [files]);
    let organization = fake.client()?.organization(DeepsetFake::ORGANIZATION)?;
    let call = organization.roles().create(&wanted);
    let id = |made: &deepset::Role| made.role_id.to_string();
    row("deepset", "roles.create", call, id).await
}

async fn refusal(fake: &HarnessFake) -> Result<(), Box<dyn Error>> {
    let body = r#"{
        "status": "ERROR", "code": "NG_ACCESS_DENIED", "message": "Missing permission",
        "correlationId": "tour-1",
        "failedPermissionChecks": [
            {"permission": "core_usergroup_manage", "resourceType": "USERGROUP"}
        ]
    }"#;
    let denied = Fault::status(403).content_type("application/json");
    fake.next(1, denied.body(body));
    let call = fake.client()?.org("platform")?.role_assignments().create(&viewer("web")?);
    let Err(error) = call.await else {
        return Err("the fake was told to refuse".into());
    };
    print_error(&error);
    // Kind and effect mean the same for all services. What only Harness says has its own type.
    if let Some(said) = error.service::<harness::ServiceError>() {
        for check in &said.failed_permission_checks {
            let permission = check.permission.as_deref().unwrap_or("something");
            let resource = check.resource_type.as_deref().unwrap_or("something");
            print_field("lacks", &format!("{permission} on {resource}"));
        }
    }
    Ok(())
}

async fn broken_connection(fake: &DeepsetFake) -> Result<(), Box<dyn Error>> {
    let before = fake.received_count();
    fake.next(1, Fault::reset().after_processing());
    let organization = fake.client()?.organization(DeepsetFake::ORGANIZATION)?;
    let files = Permission::new(Asset::Files, Action::Write);
    let wanted = NewRole::new("editor", "May write files", [files]);
    let Err(error) = organization.roles().create(&wanted).await else {
        return Err("the fake was told to break the connection".into());
    };
    print_error(&error);
    // A fake remembers, so a test can look behind the error.
    let received = fake.received_count() - before;
    let named = |role: &&deepset::Role| role.role_name.as_deref() == Some("editor");
    let made = fake.roles().iter().filter(named).count();
    let truth = format!("requests received: {received}, editors created: {made}");
    print_field("in fact", &truth);
    Ok(())
}

type Row = [String; 6];

/// Awaits a call, and makes a row of the table of its answer.
async fn row<T: Send + 'static>(
    vendor: &str,
    name: &str,
    call: Call<T>,
    id: impl FnOnce(&T) -> String,
) -> Result<Row, Box<dyn Error>> {
    let start = Instant::now();
    let answer = call.with_response().await?;
    Ok([
        vendor.to_owned(),
        name.to_owned(),
        answer.status().as_u16().to_string(),
        id(answer.body()),
        answer.attempts().to_string(),
        format!("{:.0}", start.elapsed().as_secs_f64() * 1000.0),
    ])
}

fn print_table(rows: &[Row]) {
    let head = ["vendor", "call", "status", "id", "attempts", "ms"].map(str::to_owned);
    let all = || [&head].into_iter().chain(rows);
    let widths: [usize; 6] = array::from_fn(|i| all().map(|row| row[i].len()).max().unwrap_or(0));
    for [vendor, call, status, id, attempts, ms] in all() {
        let [v, c, s, i, a, m] = widths;
        println!("{vendor:v$}  {call:c$}  {status:s$}  {id:i$}  {attempts:>a$}  {ms:>m$}");
    }
}

fn print_error(error: &rolecall::Error) {
    print_field("error", &error.to_string());
    print_field("kind", error.kind().as_str());
    print_field("effect", &format!("{:?}", error.effect()));
}

/// Prints a label and a text, the text broken into lines where it is too long for a terminal.
fn print_field(label: &str, text: &str) {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 88 => *line += &format!("{word} "),
            _ => lines.push(format!("{word} ")),
        }
    }
    for (number, line) in lines.iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        println!("{label:<9}{}", line.trim_end());
    }
}
