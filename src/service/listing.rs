//! What a parent sees of what is held: lists, counts, one recording opened.
//!
//! Nothing sealed appears anywhere here: every query asks for usable bits, and every piece of a
//! recording is read only where its own store's bit is set.

use rules::{
    ChildId, Date, DeviceId, RecordingId, StoreId, Stores, Timestamp,
    contract::{Device, Recording, RecordingItem, Transcript},
    keep, retention,
    scope::Filter,
};
use sqlx::{QueryBuilder, Row, Sqlite, query, query_scalar, sqlite::SqliteRow};

use crate::{
    core::Core,
    db::select::{self, captured_at, push_matching, push_newest_first},
    derived,
    erasure::Asker,
    keys::{KeyError, rows},
    reading, search,
    session::id,
};

mod children;
mod holdings;
mod timeline;

pub use children::{children, name};
pub use holdings::holdings;
pub use timeline::{timeline, zone};

/// How many recordings a page has when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// How many it has at most.
pub const MAX_LIMIT: u32 = 200;
/// How many a page may begin after.
pub const MAX_SKIP: u32 = 10_000_000;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No such child, device or recording in this session, or nothing of it that can be used.
    #[error("there is no such thing in this session")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The keys failed.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Whose recordings are asked for, and what may be shown of them.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Who asks.
    pub asker: &'a Asker,
    /// Whether the words of recordings may be shown, or only that there are some.
    pub words: bool,
}

/// One page, and where the next one begins.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub items: Vec<RecordingItem>,
    /// The `seq` of the last of them, where more follow.
    pub next_before: Option<i64>,
}

/// The recordings of a child that a filter finds, newest first, those with a `seq` below `before`.
/// Costs what the page costs, however many recordings there are: the place is a key, not an offset.
pub async fn page(
    core: &Core,
    view: View<'_>,
    child: ChildId,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<Page, ListError> {
    let number = check(core, view.asker, child, filter).await?;
    let mut sql = QueryBuilder::new("SELECT p.*");
    push_item_columns(&mut sql, view);
    sql.push(" FROM (SELECT r.*");
    push_matching(&mut sql, number, filter, before);
    push_newest_first(&mut sql, filter, limit + 1);
    sql.push(") p ORDER BY p.seq DESC");
    let mut rows = sql.build().fetch_all(core.db.read()).await?;

    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_before = match rows.last() {
        Some(last) if more => Some(last.try_get("seq")?),
        _ => None,
    };
    let today = core.clock.now().date();
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<&[u8]>, _>("words")?.is_some() {
            ids.push(id(row.try_get("id")?)?);
        }
    }
    // With as many keys as rows; the child's own is opened for this one call.
    let words_alone = Stores::NONE.with(StoreId::Transcript);
    let mut reading = reading::Recordings::of(&core.keys, child, &ids, words_alone).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut item = item(row, child, today)?;
        if let Some((text, language)) = words(row, item.id, &mut reading)? {
            item.language = language;
            if view.words {
                (item.excerpt, item.marks) = excerpt(text, filter.q.as_deref());
            }
        }
        items.push(item);
    }
    reading.end(&core.db).await?;
    Ok(Page { items, next_before })
}

/// What a page that begins after the `skip` newest is `before`; none where there are not as many.
/// Walks over them in the index: costs what they are.
pub async fn place(
    core: &Core,
    asker: &Asker,
    child: ChildId,
    filter: &Filter,
    skip: u32,
) -> Result<Option<i64>, ListError> {
    if skip == 0 {
        return Ok(Some(i64::MAX));
    }
    let number = check(core, asker, child, filter).await?;
    let mut sql = select::place(number, filter, skip);
    Ok(sql.build_query_scalar().fetch_optional(core.db.read()).await?)
}

/// How many recordings of a child a filter finds.
pub async fn count(core: &Core, asker: &Asker, child: ChildId, filter: &Filter) -> Result<u64, ListError> {
    let number = check(core, asker, child, filter).await?;
    let mut sql = QueryBuilder::new("SELECT count(*)");
    push_matching(&mut sql, number, filter, None);
    let total: i64 = sql.build_query_scalar().fetch_one(core.db.read()).await?;
    Ok(unsigned(total))
}

/// One recording with everything that is usable of it, and where in its words `q` is.
pub async fn recording(
    core: &Core,
    asker: &Asker,
    recording: RecordingId,
    q: Option<&str>,
) -> Result<Recording, ListError> {
    let view = View { asker, words: true };
    let mut sql = QueryBuilder::new("SELECT p.*");
    push_item_columns(&mut sql, view);
    sql.push(
        ", l.sealed AS place, w.sealed AS peaks, c.id AS child_id, c.last_use AS last_use,
          (SELECT max(k.until) FROM keep k WHERE k.seq = p.seq) AS kept_by_anyone
         FROM recording p JOIN child c ON c.number = p.child",
    );
    push_part(&mut sql, StoreId::Location, "l");
    push_part(&mut sql, StoreId::Waveform, "w");
    sql.push(" WHERE p.id = ").push_bind(recording.to_string());
    sql.push(" AND p.usable > 0 AND p.child IN (SELECT value FROM json_each(");
    sql.push_bind(asker.numbers_json()).push("))");
    let row = sql.build().fetch_optional(core.db.read()).await?.ok_or(ListError::NotFound)?;
    let child = id(row.try_get("child_id")?)?;
    let parts = Stores::UNDER_KEYS.without(Stores::NONE.with(StoreId::Media));
    let mut reading = reading::Recordings::of(&core.keys, child, &[recording], parts).await?;
    let opened = opened(&row, child, &mut reading, core.clock.now().date(), q)?;
    reading.end(&core.db).await?;
    let made = derived::view::of_recording(core, view, child, row.try_get("seq")?).await?;
    Ok(Recording { made, ..opened })
}

fn opened(
    row: &SqliteRow,
    child: ChildId,
    reading: &mut reading::Recordings,
    today: Date,
    q: Option<&str>,
) -> sqlx::Result<Recording> {
    let usable = usable(row)?;
    let mut item = item(row, child, today)?;
    let words = words(row, item.id, reading)?;
    if let Some((text, language)) = &words {
        item.language.clone_from(language);
        (item.excerpt, item.marks) = excerpt(text.clone(), q);
    }
    let (place, peaks): (Option<&[u8]>, Option<&[u8]>) = (row.try_get("place")?, row.try_get("peaks")?);
    let place = place.and_then(|sealed| reading.open(item.id, StoreId::Location, sealed, rows::read_place));
    let peaks = peaks
        .and_then(|sealed| reading.open(item.id, StoreId::Waveform, sealed, |peaks| Some(peaks.to_vec())));
    let last_use = row.try_get::<Option<i64>, _>("last_use")?.map(Timestamp::from_ms);
    let kept_by_anyone = day(row.try_get("kept_by_anyone")?).filter(|until| keep::is_live(*until, today));
    let has_media = usable.has(StoreId::Media);
    Ok(Recording {
        media_type: if has_media { Some(row.try_get("media_type")?) } else { None },
        bytes: if has_media { Some(unsigned(row.try_get("bytes")?)) } else { None },
        transcript: words.map(|(text, language)| {
            let marks = q.map(|q| search::utf16(&text, &search::marks(&text, q))).unwrap_or_default();
            Transcript { marks, ..Transcript::new(text, language) }
        }),
        location: place,
        waveform: peaks,
        stores: usable.iter().collect(),
        end: retention::end_of(last_use.unwrap_or(item.captured_at).date(), kept_by_anyone),
        made: Vec::new(),
        item,
    })
}

/// Pushes the columns that [`item`] and [`words`] read beside those of `recording` (alias `p`).
fn push_item_columns(sql: &mut QueryBuilder<Sqlite>, view: View<'_>) {
    let transcript = bit(StoreId::Transcript);
    sql.push(", (SELECT d.name FROM device d WHERE d.id = p.device) AS device_name");
    sql.push(", (SELECT k.until FROM keep k WHERE k.seq = p.seq AND k.guardian = ");
    sql.push_bind(view.asker.guardian.to_string()).push(") AS kept_until");
    sql.push(format_args!(
        ", CASE WHEN p.usable & {transcript} != 0 THEN (SELECT x.sealed FROM transcript x WHERE x.seq = p.seq) END AS words"
    ));
}

/// The words of a recording and their language. None where their key is gone: it was deleted while this was read.
fn words(
    row: &SqliteRow,
    of: RecordingId,
    reading: &mut reading::Recordings,
) -> sqlx::Result<Option<(String, Option<String>)>> {
    let sealed: Option<&[u8]> = row.try_get("words")?;
    Ok(sealed.and_then(|sealed| reading.open(of, StoreId::Transcript, sealed, rows::read_words)))
}

/// The piece of the words that a list shows, around what was searched for.
fn excerpt(text: String, q: Option<&str>) -> (Option<String>, Vec<(u32, u32)>) {
    match q {
        Some(q) => {
            let (piece, marks) = search::excerpt(&text, q);
            (Some(piece), marks)
        }
        None => (Some(text.chars().take(search::EXCERPT_CHARS).collect()), Vec::new()),
    }
}

/// Pushes a join with a store's table, under `alias`, that finds a row only while its bit is set.
fn push_part(sql: &mut QueryBuilder<Sqlite>, store: StoreId, alias: &str) {
    let (table, bit) = (store.name(), bit(store));
    sql.push(format_args!(" LEFT JOIN {table} {alias} ON {alias}.seq = p.seq AND p.usable & {bit} != 0"));
}

/// What a list shows of a recording beside its words.
fn item(row: &SqliteRow, child: ChildId, today: Date) -> sqlx::Result<RecordingItem> {
    let device: Option<String> = row.try_get("device")?;
    let device_name: Option<String> = row.try_get("device_name")?;
    Ok(RecordingItem {
        id: id(row.try_get("id")?)?,
        child,
        kind: match row.try_get("kind")? {
            "video" => rules::Kind::Video,
            _ => rules::Kind::Voice,
        },
        captured_at: captured_at(row.try_get("seq")?),
        duration_ms: unsigned(row.try_get("duration_ms")?),
        device: match (device, device_name) {
            (Some(device), Some(name)) => Some(Device { id: id(&device)?, name }),
            _ => None,
        },
        classes: usable(row)?.classes(),
        excerpt: None,
        marks: Vec::new(),
        language: None,
        kept_until: day(row.try_get("kept_until")?).filter(|until| keep::is_live(*until, today)),
    })
}

/// The child's number, if the session names the child and the filter names nobody else's device.
async fn check(core: &Core, asker: &Asker, child: ChildId, filter: &Filter) -> Result<i64, ListError> {
    let number = asker.number_of(child).ok_or(ListError::NotFound)?;
    if let Some(device) = filter.device
        && !owns_device(core, number, device).await?
    {
        return Err(ListError::NotFound);
    }
    Ok(number)
}

async fn owns_device(core: &Core, child: i64, device: DeviceId) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM device WHERE id = ? AND child = ?)")
        .bind(device.to_string())
        .bind(child)
        .fetch_one(core.db.read())
        .await
}

/// A recording of one of the asker's children of which anything can be used: its key and its child.
pub(crate) async fn find(
    core: &Core,
    asker: &Asker,
    recording: RecordingId,
) -> Result<(i64, ChildId, Stores), ListError> {
    let row = query("SELECT seq, child, usable FROM recording WHERE id = ? AND usable > 0")
        .bind(recording.to_string())
        .fetch_optional(core.db.read())
        .await?
        .ok_or(ListError::NotFound)?;
    let number: i64 = row.try_get("child")?;
    let (_, child) = asker.children.iter().find(|(n, _)| *n == number).ok_or(ListError::NotFound)?;
    Ok((row.try_get("seq")?, *child, usable(&row)?))
}

fn usable(row: &SqliteRow) -> sqlx::Result<Stores> {
    Ok(Stores::from_bits(row.try_get::<u32, _>("usable")?))
}

const fn bit(store: StoreId) -> u32 {
    Stores::NONE.with(store).bits()
}

/// A day as the database keeps it: days since 1970.
fn day(days: Option<i64>) -> Option<Date> {
    days.map(Date::from_days)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
