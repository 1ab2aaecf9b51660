//! The sources of a snapshot of Conversations.

use super::{Service, ServiceDetails, TwilioConversations};
use crate::access::{Scope, Source, Vendor};
use crate::transport::Items;
use crate::twilio::shared::{named_scope, of_service, parts};

impl TwilioConversations {
    /// Returns the sources of a snapshot of everything that this client can enumerate: the services of
    /// the account, those of Chat among them, as [`Service::sources`].
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
    /// let support = fake.client()?.service(SERVICE).channel("support");
    /// support.members().create(&NewMember::new("alice")?).await?;
    ///
    /// // The same data by either product.
    /// let chat = Snapshot::collect(fake.client()?.service(SERVICE).sources()).in_memory().await;
    /// let all = Snapshot::collect(fake.conversations_client()?.sources()).in_memory().await;
    /// assert!(all.is_complete(), "{}", all.table());
    /// let keys = |it: &Snapshot| it.assignments.iter().map(|it| it.grant_key()).collect::<Vec<_>>();
    /// assert_eq!(keys(&all), keys(&chat));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// ```
    pub fn sources(&self) -> Vec<Source> {
        let this = self.clone();
        let services = self.services().list().page_size(100).items();
        let services = services.flat_map(move |details: ServiceDetails| {
            let (account, sid) = (details.account_sid, details.sid);
            let scope = named_scope(account.as_ref(), sid.as_ref(), details.friendly_name);
            let sid = sid.map(|sid| sid.to_string()).unwrap_or_default();
            this.service(&*sid).parts(&scope)
        });
        let name = format!("{} services of Conversations", Vendor::Twilio);
        vec![Source::enumeration(Vendor::Twilio, name, services).read_by(&self.transport)]
    }
}

impl Service {
    /// Returns the sources of a snapshot: the users with their roles over the service, and the
    /// participants of every conversation with theirs in it. The service is read first, for the account
    /// that it belongs to; only a named one can be. [`TwilioConversations::sources`] has an example.
    pub fn sources(&self) -> Vec<Source> {
        let this = self.clone();
        let read = Items::from_call(self.get()).map(|it| (it.account_sid, it.friendly_name));
        let parts = move |scope: &Scope| this.parts(scope);
        of_service(&self.transport, &self.place, "users and conversations", read, parts)
    }

    fn parts(&self, scope: &Scope) -> [Source; 2] {
        let conversations = self.conversations().list().page_size(100).items().map(|it| {
            let sid = it.sid.map(|sid| sid.to_string()).unwrap_or_default();
            (sid, it.friendly_name.or(it.unique_name))
        });
        let this = self.clone();
        let members = move |sid: &str| this.conversation(sid).participants();
        parts(&self.transport, scope, &self.users(), "conversations", conversations, members)
    }
}
