//! The sources of a snapshot of a Chat service.

use super::{ListedChannel, Service, ServiceDetails};
use crate::access::{Covers, ReadAssignments, Scope, ScopeKind, Source, Vendor};
use crate::transport::Items;

impl Service {
    /// Returns the sources of a snapshot: the users with their roles over the service, and the members of
    /// every channel with theirs in it. The service is read first, for the account that it belongs to.
    /// (An invite is no role yet.)
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rolecall::access::Snapshot;
    /// use rolecall::testing::TwilioChatFake;
    /// use rolecall::twilio::chat::NewMember;
    ///
    /// const SERVICE: &str = "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    /// let fake = TwilioChatFake::start().await?;
    /// fake.add_channel(SERVICE, "support", "private");
    /// let service = fake.client()?.service(SERVICE);
    /// service.channel("support").members().create(&NewMember::new("alice")?).await?;
    ///
    /// let snapshot = Snapshot::collect(service.sources()).in_memory().await;
    /// assert!(snapshot.is_complete(), "{}", snapshot.table());
    /// let kinds: Vec<_> = snapshot.assignments.iter().map(|it| it.scope.kind.as_ref()).collect();
    /// assert_eq!(kinds, [Some(&"channel".into()), Some(&"chat_service".into())]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let sid = self.place.values(None).ok().and_then(|values| values.first().copied());
        let scope = Scope::new(ScopeKind::ChatService, sid.unwrap_or_default());
        let name = format!("{} {scope}", Vendor::Twilio);
        let this = self.clone();
        let parts = Items::from_call(self.get()).flat_map(move |details: ServiceDetails| {
            let mut scope = scope.clone();
            scope.name = details.friendly_name;
            let scope = match details.account_sid {
                Some(account) => scope.within(Scope::new(ScopeKind::Account, account.as_str())),
                None => scope,
            };
            this.parts(&scope)
        });
        vec![Source::enumeration(Vendor::Twilio, name, parts).read_by(&self.transport)]
    }

    fn parts(&self, scope: &Scope) -> [Source; 2] {
        let this = self.clone();
        let within = scope.clone();
        let channels = self.channels().list().page_size(100).items();
        let channels = channels.map(move |channel: ListedChannel| {
            let sid = channel.sid.map(|sid| sid.to_string()).unwrap_or_default();
            let mut scope = Scope::new(ScopeKind::Channel, &*sid).within(within.clone());
            scope.name = channel.friendly_name.or(channel.unique_name);
            this.source(scope, &this.channel(&*sid).members())
        });
        let name = format!("{} channels of {scope}", Vendor::Twilio);
        let channels = Source::enumeration(Vendor::Twilio, name, channels);
        let users = self.source(scope.clone(), &self.users());
        [users, channels.read_by(&self.transport)]
    }

    /// Who has a role over one scope.
    fn source(&self, scope: Scope, holders: &dyn ReadAssignments) -> Source {
        let covers = Covers::new(Vendor::Twilio, scope.clone());
        let assignments = holders.read_assignments().map(move |mut held| {
            // Each of its fields may be null in the response.
            held.scope = scope.clone();
            held
        });
        Source::new(covers, assignments).read_by(&self.transport)
    }
}
