//! Analyzers: how a text becomes words.
//!
//! Documents and queries cut texts alike, but for one thing: between two texts of a list lies a gap
//! of 100 positions, so that no phrase reaches from one into the next. tantivy begins a text where
//! the last word of the one before ended; so in an index, the last word of each text is as long as
//! the gap.

use serde_json::Value as Json;
use tantivy::tokenizer::{
    Language, RawTokenizer, Stemmer, StopWordFilter, TextAnalyzer, Token, TokenFilter, TokenStream,
    Tokenizer, TokenizerManager,
};

use super::error::{MappingError, wrong};
use super::words::{Cut, Words};

/// How a text is cut into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Analyzer {
    /// Words of UAX #29 in lower case.
    Standard,
    /// As `Standard`; then without possessives and stop words, and to the stems of English words.
    English,
    /// At white space alone.
    Whitespace,
    /// Runs of letters in lower case.
    Simple,
    /// As `Simple`, without English stop words.
    Stop,
    /// The text is one word.
    Keyword,
}

/// Between two texts of a list, in positions.
const GAP: usize = 100;

/// Words that are in nearly every English text, as Lucene has them.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it",
    "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these",
    "they", "this", "to", "was", "will", "with",
];

impl Analyzer {
    pub(crate) const ALL: [Self; 6] = [
        Self::Standard,
        Self::English,
        Self::Whitespace,
        Self::Simple,
        Self::Stop,
        Self::Keyword,
    ];

    /// The analyzer's name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::English => "english",
            Self::Whitespace => "whitespace",
            Self::Simple => "simple",
            Self::Stop => "stop",
            Self::Keyword => "keyword",
        }
    }

    pub(super) fn parse(json: &Json, at: &str) -> Result<Self, MappingError> {
        let named = |analyzer: &Self| json.as_str() == Some(analyzer.name());
        Self::ALL.into_iter().find(named).ok_or_else(|| {
            let names = Self::ALL.map(|analyzer| format!("`{}`", analyzer.name()));
            wrong(at, format!("one of {}", names.join(", ")), json)
        })
    }

    /// What cuts a query's text into words.
    pub(crate) fn tokenizer(self) -> TextAnalyzer {
        self.build(false)
    }

    fn build(self, is_in_index: bool) -> TextAnalyzer {
        let stop_words = || StopWordFilter::remove(STOP_WORDS.map(str::to_owned));
        match self {
            Self::Standard => analyzer(Words::new(Cut::Unicode, true), is_in_index),
            Self::English => {
                let mut words = Words::new(Cut::Unicode, true);
                words.no_possessive = true;
                let words = stop_words().transform(words);
                analyzer(
                    Stemmer::new(Language::English).transform(words),
                    is_in_index,
                )
            }
            Self::Whitespace => analyzer(Words::new(Cut::Whitespace, false), is_in_index),
            Self::Simple => analyzer(Words::new(Cut::Letters, true), is_in_index),
            Self::Stop => {
                let words = Words::new(Cut::Letters, true);
                analyzer(stop_words().transform(words), is_in_index)
            }
            Self::Keyword => analyzer(RawTokenizer::default(), is_in_index),
        }
    }
}

/// The analyzers as tantivy writes an index with them.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    for analyzer in Analyzer::ALL {
        tokenizers.register(analyzer.name(), analyzer.build(true));
    }
    tokenizers
}

fn analyzer<T: Tokenizer>(tokenizer: T, is_in_index: bool) -> TextAnalyzer {
    if is_in_index {
        TextAnalyzer::builder(WithGap(tokenizer)).build()
    } else {
        TextAnalyzer::builder(tokenizer).build()
    }
}

/// Words, of which the last is as long as the gap.
#[derive(Clone)]
struct WithGap<T>(T);

impl<T: Tokenizer> Tokenizer for WithGap<T> {
    type TokenStream<'a> = GapStream<T::TokenStream<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        let mut words = self.0.token_stream(text);
        let has_next = words.advance();
        GapStream {
            words,
            has_next,
            token: Token::default(),
        }
    }
}

/// Is one word behind the words, to know the last.
struct GapStream<S> {
    words: S,
    has_next: bool,
    token: Token,
}

impl<S: TokenStream> TokenStream for GapStream<S> {
    fn advance(&mut self) -> bool {
        if !self.has_next {
            return false;
        }
        let next = self.words.token();
        self.token.offset_from = next.offset_from;
        self.token.offset_to = next.offset_to;
        self.token.position = next.position;
        self.token.position_length = next.position_length;
        self.token.text.clear();
        self.token.text.push_str(&next.text);
        self.has_next = self.words.advance();
        if !self.has_next {
            self.token.position_length = GAP;
        }
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(analyzer: Analyzer, text: &str) -> Vec<(usize, String)> {
        let mut tokenizer = analyzer.tokenizer();
        let mut stream = tokenizer.token_stream(text);
        let mut found = Vec::new();
        stream.process(&mut |token| found.push((token.position, token.text.clone())));
        found
    }

    #[test]
    fn each_analyzer_cuts_in_its_own_way() {
        let of = |analyzer| -> Vec<String> {
            let found = words(analyzer, "The Runner's 2 Foxes");
            found.into_iter().map(|(_, word)| word).collect()
        };
        assert_eq!(of(Analyzer::Standard), ["the", "runner's", "2", "foxes"]);
        assert_eq!(of(Analyzer::English), ["runner", "2", "fox"]);
        assert_eq!(of(Analyzer::Whitespace), ["The", "Runner's", "2", "Foxes"]);
        assert_eq!(of(Analyzer::Simple), ["the", "runner", "s", "foxes"]);
        assert_eq!(of(Analyzer::Stop), ["runner", "s", "foxes"]);
        assert_eq!(of(Analyzer::Keyword), ["The Runner's 2 Foxes"]);
        let positions: Vec<_> = words(Analyzer::English, "the fox");
        assert_eq!(positions, [(1, "fox".to_owned())]);
    }

    #[test]
    fn the_last_word_of_a_text_in_an_index_is_as_long_as_the_gap() {
        for analyzer in Analyzer::ALL {
            let mut indexed = analyzer.build(true);
            let mut lengths = Vec::new();
            let mut found = Vec::new();
            indexed.token_stream("one two").process(&mut |token| {
                lengths.push(token.position_length);
                found.push((token.position, token.text.clone()));
            });
            assert_eq!(found, words(analyzer, "one two"));
            assert_eq!(lengths.last(), Some(&GAP));
            assert!(
                lengths[..lengths.len() - 1]
                    .iter()
                    .all(|length| *length == 1)
            );
            // An empty text is one word to that analyzer.
            let is_word = analyzer == Analyzer::Keyword;
            assert_eq!(indexed.token_stream("").advance(), is_word);
        }
    }
}
