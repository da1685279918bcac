//! The name of every text.

macro_rules! keys {
    ($($name:ident = $text:literal;)*) => {
        /// A text of the locale files. Those that go with a number (see [`super::Texts::count`]) have
        /// one entry a plural form there: `name_one`, `name_other` and so on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "locales/en.json says what each means")]
        pub enum Key { $($name,)* }

        impl Key {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the locale files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

keys! {
    Direction = "direction";
    Retry = "retry";
    Undo = "undo";
}
