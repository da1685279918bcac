//! Playing one recording: asked for, playing, paused, stopped. It never starts by itself.

use rules::contract::Playback;

use super::{Failure, Loaded, Turn};

/// What happens to a player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// The button was pressed.
    Toggle,
    /// The service answered the request for a ticket.
    Ticket(Turn, Result<Playback, Failure>),
    /// The media element plays.
    Started,
    /// The media element paused.
    Paused,
    /// The media element stands at this millisecond.
    At(u64),
    /// A reader moved to this millisecond.
    Seek(u64),
    /// The media element reached the end.
    Ended,
    /// The media element gave up.
    Broken,
    /// It must be quiet: it is about to be deleted, or is no longer shown.
    Silence,
}

/// What the media element has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the service for a ticket, under this turn.
    Ask(Turn),
    /// Take this URL, go to this millisecond and play.
    Load(String, u64),
    /// Play on.
    Play,
    /// Pause.
    Pause,
    /// Go to this millisecond.
    Seek(u64),
    /// Stop and let go of the URL.
    Unload,
}

/// A player.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Player {
    /// The way to the bytes, asked for with the first press.
    pub ticket: Loaded<Playback>,
    /// Whether it plays.
    pub playing: bool,
    /// Where it stands, in milliseconds.
    pub position_ms: u64,
    /// Whether the browser could not play it, with a fresh ticket too.
    pub broken: bool,
    /// Whether this ticket has played anything.
    worked: bool,
}

impl Player {
    /// What follows from a message.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Toggle if self.ticket.busy => None,
            Msg::Toggle if self.playing => Some(Effect::Pause),
            Msg::Toggle if self.ticket.value.is_some() && !self.broken => Some(Effect::Play),
            Msg::Toggle => Some(self.ask()),
            Msg::Ticket(turn, answer) => {
                if !self.ticket.accept(turn, answer) || self.ticket.failed.is_some() {
                    return None;
                }
                self.worked = false;
                let ticket = self.ticket.value.as_ref()?;
                Some(Effect::Load(ticket.url.clone(), self.position_ms))
            }
            Msg::Started => {
                self.playing = true;
                self.worked = true;
                None
            }
            Msg::Paused => {
                self.playing = false;
                None
            }
            Msg::At(ms) => {
                self.position_ms = ms;
                None
            }
            Msg::Seek(ms) => {
                self.position_ms = ms;
                self.ticket.value.as_ref().map(|_| Effect::Seek(ms))
            }
            Msg::Ended => {
                self.playing = false;
                self.position_ms = 0;
                None
            }
            Msg::Broken => {
                self.playing = false;
                // A ticket that worked may simply be over: one fresh one is worth a try.
                if self.worked {
                    return Some(self.ask());
                }
                self.broken = self.ticket.value.take().is_some();
                None
            }
            Msg::Silence => {
                let loaded = self.ticket.value.is_some();
                self.ticket.clear();
                self.playing = false;
                self.worked = false;
                loaded.then_some(Effect::Unload)
            }
        }
    }

    /// Another recording is opened: it begins at its beginning.
    pub fn rewind(&mut self) {
        self.position_ms = 0;
        self.broken = false;
    }

    fn ask(&mut self) -> Effect {
        self.broken = false;
        self.worked = false;
        self.ticket.value = None;
        Effect::Ask(self.ticket.begin())
    }
}

#[cfg(test)]
mod tests {
    use rules::Timestamp;

    use super::*;

    fn ticket() -> Playback {
        Playback {
            url: "/v1/media/t".into(),
            media_type: "audio/wav".into(),
            expires_at: Timestamp::from_ms(0),
        }
    }

    fn playing() -> Player {
        let mut player = Player::default();
        let Some(Effect::Ask(turn)) = player.update(Msg::Toggle) else { panic!() };
        assert_eq!(
            player.update(Msg::Ticket(turn, Ok(ticket()))),
            Some(Effect::Load("/v1/media/t".into(), 0))
        );
        player.update(Msg::Started);
        player
    }

    #[test]
    fn it_is_silent_until_the_button_is_pressed() {
        let mut player = Player::default();
        for msg in [Msg::At(5), Msg::Seek(9), Msg::Paused, Msg::Ended, Msg::Broken, Msg::Silence] {
            assert_eq!(player.update(msg), None);
        }
        assert!(!player.playing);
    }

    #[test]
    fn it_pauses_and_goes_on_with_the_same_ticket() {
        let mut player = playing();
        assert_eq!(player.update(Msg::Toggle), Some(Effect::Pause));
        player.update(Msg::Paused);
        assert_eq!(player.update(Msg::Toggle), Some(Effect::Play));
    }

    #[test]
    fn a_ticket_that_ran_out_is_replaced_once_and_play_goes_on_where_it_was() {
        let mut player = playing();
        player.update(Msg::At(1_500));
        let Some(Effect::Ask(turn)) = player.update(Msg::Broken) else { panic!() };
        assert_eq!(
            player.update(Msg::Ticket(turn, Ok(ticket()))),
            Some(Effect::Load("/v1/media/t".into(), 1_500))
        );
        assert_eq!(player.update(Msg::Broken), None);
        assert!(player.broken);
    }

    #[test]
    fn what_is_silenced_lets_go_and_a_late_ticket_plays_nothing() {
        let mut player = playing();
        assert_eq!(player.update(Msg::Silence), Some(Effect::Unload));
        assert_eq!(player.ticket.value, None);
        let mut player = Player::default();
        let Some(Effect::Ask(turn)) = player.update(Msg::Toggle) else { panic!() };
        player.update(Msg::Silence);
        assert_eq!(player.update(Msg::Ticket(turn, Ok(ticket()))), None);
    }
}
