//! Sessions: what a host page's own backend mints for one guardian, and what every call shows.
//!
//! A session is a bearer token: `/v1` knows no cookie, so no cross-site request can use one there. (The plain
//! pages have a cookie of their own, and a token in every form that changes something.)
//! It is bound to a guardian, to named children, to permissions and to the one origin whose page
//! embeds the element, and it lives 15 minutes at most. The database holds its SHA-256 only.

use rules::{
    ChildId, GuardianId, Timestamp,
    contract::{NewSession, Permission, SessionCreated},
};
use sha2::{Digest, Sha256};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

use crate::{db::Db, erasure::Asker};

mod origin;

pub use origin::{BadOrigin, is_loopback, normalise, split_port};

/// What every session token begins with.
pub const PREFIX: &str = "fmn_";
/// The longest life of a session, and the one it has by default, in seconds (ours: Stripe's
/// AccountSession is the model).
pub const MAX_TTL_SECONDS: u32 = 900;
/// How long a session that is over is remembered, in seconds. As long, its page is told "over"
/// instead of "unknown", and its origin may still read that answer.
const REMEMBERED_SECONDS: i64 = 86_400;

/// A set of permissions, as the database keeps it: bit `n` stands for `Permission::ALL[n]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// All there are.
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    /// Whether `permission` is in it.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission as u8))
    }
}

/// A session that was shown and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who asks, and for whose data.
    pub asker: Asker,
    /// What may be done with it.
    pub permissions: Permissions,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Why no session was minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// Nobody with this reference.
    #[error("there is no guardian with this reference; a guardian appears with the first child")]
    NoGuardian,
    /// A child that is not, or is not this guardian's.
    #[error("one of the children is not a child of this guardian")]
    NoChild,
    /// Not an origin.
    #[error(transparent)]
    BadOrigin(#[from] BadOrigin),
    /// No life at all, or too long a one.
    #[error("ttl_seconds must lie between 1 and {MAX_TTL_SECONDS}")]
    BadTtl,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It was never given out, or is long over.
    #[error("no such session")]
    Unknown,
    /// It is over.
    #[error("the session is over")]
    Expired,
    /// The page that sent it is not the one it was minted for.
    #[error("the session belongs to another origin")]
    WrongOrigin,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The hash under which the database knows a secret.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// 256 random bits as text, behind a prefix that tells a leaked one what it is.
#[must_use]
pub fn secret(prefix: &str) -> String {
    let (high, low): (u128, u128) = (rand::random(), rand::random());
    format!("{prefix}{high:032x}{low:032x}")
}

/// Mints a session. Its token is in the answer and nowhere else.
pub async fn mint(db: &Db, now: Timestamp, new: &NewSession) -> Result<SessionCreated, MintError> {
    let origin = normalise(&new.origin)?;
    let ttl = new.ttl_seconds.unwrap_or(MAX_TTL_SECONDS);
    if ttl == 0 || ttl > MAX_TTL_SECONDS {
        return Err(MintError::BadTtl);
    }
    let permissions = match &*new.permissions {
        [] => Permissions::ALL,
        named => named.iter().copied().collect(),
    };
    let mut tx = db.write().await?;
    let guardian: Option<String> = query_scalar("SELECT id FROM guardian WHERE reference = ?")
        .bind(&new.guardian)
        .fetch_optional(&mut *tx)
        .await?;
    let guardian = guardian.ok_or(MintError::NoGuardian)?;
    let children = children_of(&mut tx, &guardian, &new.children).await?;

    forget_old(&mut tx, now).await?;
    let client_secret = secret(PREFIX);
    let token_hash = hash(&client_secret);
    let expires_at = now.plus_seconds(i64::from(ttl));
    query(
        "INSERT INTO session (token_hash, guardian, permissions, origin, expires_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&token_hash[..])
    .bind(&guardian)
    .bind(i64::from(permissions.0))
    .bind(&origin)
    .bind(expires_at.ms())
    .execute(&mut *tx)
    .await?;
    for child in children {
        query("INSERT OR IGNORE INTO session_child (token_hash, child) VALUES (?, ?)")
            .bind(&token_hash[..])
            .bind(child)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(SessionCreated { client_secret, expires_at })
}

/// The numbers of the named children, all of them the guardian's; or of all the guardian's children.
async fn children_of(
    tx: &mut Transaction<'_, Sqlite>,
    guardian: &str,
    named: &[ChildId],
) -> Result<Vec<i64>, MintError> {
    if named.is_empty() {
        let all = query_scalar("SELECT child FROM guardianship WHERE guardian = ?").bind(guardian);
        return Ok(all.fetch_all(&mut **tx).await?);
    }
    let mut numbers = Vec::with_capacity(named.len());
    for child in named {
        let number = query_scalar(
            "SELECT c.number FROM child c JOIN guardianship g ON g.child = c.number WHERE c.id = ? AND g.guardian = ?",
        );
        let number = number.bind(child.to_string()).bind(guardian).fetch_optional(&mut **tx).await?;
        numbers.push(number.ok_or(MintError::NoChild)?);
    }
    Ok(numbers)
}

async fn forget_old(tx: &mut Transaction<'_, Sqlite>, now: Timestamp) -> sqlx::Result<()> {
    let before = now.plus_seconds(-REMEMBERED_SECONDS).ms();
    for sql in [
        "DELETE FROM session_child WHERE token_hash IN (SELECT token_hash FROM session WHERE expires_at < ?)",
        "DELETE FROM session WHERE expires_at < ?",
        "DELETE FROM ticket WHERE expires_at < ?",
    ] {
        query(sql).bind(before).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The session behind a token, shown by a page of `origin` (none where the browser sends none, as
/// for a page of the API's own origin that only reads).
///
/// A child whose guardian has lost the guardianship since is not in it any more.
pub async fn verify(db: &Db, now: Timestamp, token: &str, origin: Option<&str>) -> Result<Session, Refused> {
    if !token.starts_with(PREFIX) {
        return Err(Refused::Unknown);
    }
    let token_hash = hash(token);
    let row = query("SELECT guardian, permissions, origin, expires_at FROM session WHERE token_hash = ?")
        .bind(&token_hash[..])
        .fetch_optional(db.read())
        .await?
        .ok_or(Refused::Unknown)?;
    let bound_to: &str = row.try_get("origin")?;
    if origin.is_some_and(|origin| origin != bound_to) {
        return Err(Refused::WrongOrigin);
    }
    let expires_at = Timestamp::from_ms(row.try_get("expires_at")?);
    if now >= expires_at {
        return Err(Refused::Expired);
    }
    let guardian: String = row.try_get("guardian")?;
    let rows = query(
        "SELECT c.number, c.id FROM session_child s
         JOIN guardianship g ON g.guardian = ? AND g.child = s.child
         JOIN child c ON c.number = s.child
         WHERE s.token_hash = ? ORDER BY c.number",
    )
    .bind(&guardian)
    .bind(&token_hash[..])
    .fetch_all(db.read())
    .await?;
    let mut children = Vec::with_capacity(rows.len());
    for row in rows {
        children.push((row.try_get(0)?, id(&row.try_get::<String, _>(1)?)?));
    }
    let guardian: GuardianId = id(&guardian)?;
    let permissions = Permissions(row.try_get::<i64, _>("permissions")?.to_le_bytes()[0]);
    Ok(Session { asker: Asker { guardian, children }, permissions, expires_at })
}

/// Ends a session before its time: from now on its token is one that is over.
pub async fn end(db: &Db, now: Timestamp, token: &str) -> sqlx::Result<()> {
    let mut tx = db.write().await?;
    query("UPDATE session SET expires_at = min(expires_at, ?) WHERE token_hash = ?")
        .bind(now.ms())
        .bind(&hash(token)[..])
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Whether a page of this origin has, or lately had, a session: whether its browser may be told
/// our answers at all. One whose only session is over must still be able to read that it is over.
pub async fn knows_origin(db: &Db, now: Timestamp, origin: &str) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM session WHERE origin = ? AND expires_at >= ?)")
        .bind(origin)
        .bind(now.plus_seconds(-REMEMBERED_SECONDS).ms())
        .fetch_one(db.read())
        .await
}

/// An id as the database has it. That it does not read back would be our fault, not the caller's.
pub(crate) fn id<T>(text: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_the_bits_of_their_list() {
        assert_eq!(Permission::ALL.into_iter().collect::<Permissions>(), Permissions::ALL);
        for permission in Permission::ALL {
            let only = Permissions::from_iter([permission]);
            assert!(Permission::ALL.into_iter().all(|other| only.has(other) == (other == permission)));
        }
    }

    #[test]
    fn a_secret_says_what_it_is_and_is_never_the_same() {
        let (one, other) = (secret(PREFIX), secret(PREFIX));
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + 64, "256 bits");
        assert!(one.starts_with(PREFIX) && one[PREFIX.len()..].bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
