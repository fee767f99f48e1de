//! The candidate units of one text.

use jove_core::{EntityId, SpecialTokens, TokenSpan, TokenizedText};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use crate::config::MaskConfig;
use crate::unit::UnitKind;

/// Draws of a random span that may overlap chosen units before no more spans are drawn for the text.
const SPAN_TRIES: usize = 16;

/// A candidate: a unit that may be masked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) span: TokenSpan,
    pub(crate) kind: UnitKind,
    pub(crate) entity: Option<EntityId>,
    /// Tokens inside that are not special; at least 1.
    pub(crate) maskable: usize,
}

/// The candidate units of a text by kind, in random order, and which tokens are already in a chosen unit.
pub(crate) struct CandidateUnits<'a> {
    config: &'a MaskConfig,
    /// Already part of a chosen unit.
    taken: Vec<bool>,
    special: Vec<bool>,
    units: [Vec<Unit>; 5],
    /// Unnormalised probability of each kind: its weight divided by its mean unit length.
    kind_weights: [f64; 5],
    /// Words, and single tokens outside words: what random spans are made of.
    base_units: Vec<TokenSpan>,
}

impl<'a> CandidateUnits<'a> {
    pub(crate) fn new<R: Rng>(
        text: &TokenizedText,
        config: &'a MaskConfig,
        specials: &SpecialTokens,
        rng: &mut R,
    ) -> Self {
        let special: Vec<bool> = text.tokens.iter().map(|token| specials.contains(*token)).collect();
        let base_units = base_units(text);
        let mut candidates = Self {
            config,
            taken: vec![false; special.len()],
            special,
            units: Default::default(),
            kind_weights: [0.0; 5],
            base_units,
        };
        let weights = config.weights;
        for (kind, weight) in
            UnitKind::ALL.into_iter().zip([weights.entity, weights.pos, weights.word, weights.span, weights.token])
        {
            if weight > 0.0 {
                candidates.fill(text, kind, weight, rng);
            }
        }
        candidates
    }

    /// Tokens that are not special.
    pub(crate) fn maskable(&self) -> usize {
        self.special.iter().filter(|special| !**special).count()
    }

    fn fill<R: Rng>(&mut self, text: &TokenizedText, kind: UnitKind, weight: f64, rng: &mut R) {
        let spans: Vec<(TokenSpan, Option<EntityId>)> = match kind {
            UnitKind::Entity => text.mentions.iter().map(|(span, entity)| (*span, Some(*entity))).collect(),
            UnitKind::Pos => {
                let chosen = text.words.iter().filter(|(_, pos)| self.config.pos_tags.contains(pos));
                chosen.map(|(span, _)| (*span, None)).collect()
            }
            UnitKind::Word => self.base_units.iter().map(|span| (*span, None)).collect(),
            UnitKind::Span => {
                self.kind_weights[kind as usize] = weight / self.mean_span();
                return;
            }
            UnitKind::Token => single_tokens(text).map(|span| (span, None)).collect(),
        };
        let mut units: Vec<Unit> = spans
            .into_iter()
            .filter(|(span, _)| !matches!(kind, UnitKind::Pos | UnitKind::Word) || self.keeps_mentions(text, *span))
            .filter_map(|(span, entity)| self.unit(span, kind, entity))
            .collect();
        let tokens: usize = units.iter().map(|unit| unit.maskable).sum();
        self.kind_weights[kind as usize] = weight * units.len() as f64 / tokens.max(1) as f64;
        units.shuffle(rng);
        self.units[kind as usize] = units;
    }

    /// Whether a word contains every mention that it overlaps. Where entities are masked, half a name would reveal the
    /// other half.
    fn keeps_mentions(&self, text: &TokenizedText, span: TokenSpan) -> bool {
        if self.config.weights.entity == 0.0 {
            return true;
        }
        let first = text.mentions.partition_point(|(mention, _)| mention.end <= span.start);
        let touched = text.mentions[first..].iter().take_while(|(mention, _)| mention.start < span.end);
        touched.map(|(mention, _)| *mention).all(|mention| span.contains(mention))
    }

    /// The unit over `span`, or `None` where it is empty, too long, outside the text, or all special.
    fn unit(&self, span: TokenSpan, kind: UnitKind, entity: Option<EntityId>) -> Option<Unit> {
        let special = self.special.get(span.range())?;
        let maskable = special.iter().filter(|special| !**special).count();
        let fits = maskable > 0 && span.len() <= self.config.unit_tokens_max as usize;
        fits.then_some(Unit { span, kind, entity, maskable })
    }

    /// The mean length of a random span, in tokens: that of the truncated geometric times that of a base unit.
    fn mean_span(&self) -> f64 {
        let keep = 1.0 - self.config.span_stop;
        let words: f64 = (0..self.config.span_words_max).map(|length| keep.powi(length as i32)).sum();
        words * self.special.len().max(1) as f64 / self.base_units.len().max(1) as f64
    }

    /// A random unit that overlaps no chosen one, or `None` where none is left.
    pub(crate) fn draw<R: Rng>(&mut self, rng: &mut R) -> Option<Unit> {
        loop {
            let kind = self.draw_kind(rng)?;
            let unit = if kind == UnitKind::Span { self.draw_span(rng) } else { self.pop(kind) };
            match unit {
                Some(unit) => return Some(unit),
                None => self.kind_weights[kind as usize] = 0.0,
            }
        }
    }

    fn draw_kind<R: Rng>(&self, rng: &mut R) -> Option<UnitKind> {
        let total: f64 = self.kind_weights.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mut point = rng.random::<f64>() * total;
        let open = UnitKind::ALL.into_iter().filter(|kind| self.kind_weights[*kind as usize] > 0.0);
        let mut last = None;
        for kind in open {
            last = Some(kind);
            point -= self.kind_weights[kind as usize];
            if point < 0.0 {
                break;
            }
        }
        last
    }

    fn pop(&mut self, kind: UnitKind) -> Option<Unit> {
        while let Some(unit) = self.units[kind as usize].pop() {
            if self.is_free(unit.span) {
                return Some(unit);
            }
        }
        None
    }

    fn draw_span<R: Rng>(&mut self, rng: &mut R) -> Option<Unit> {
        for _ in 0..SPAN_TRIES {
            if self.base_units.is_empty() {
                return None;
            }
            let first = rng.random_range(0..self.base_units.len());
            let mut last = first;
            while last + 1 < self.base_units.len()
                && last + 1 - first < self.config.span_words_max as usize
                && !rng.random_bool(self.config.span_stop)
            {
                last += 1;
            }
            let span = TokenSpan::new(self.base_units[first].start, self.base_units[last].end);
            if let Some(unit) = self.unit(span, UnitKind::Span, None).filter(|unit| self.is_free(unit.span)) {
                return Some(unit);
            }
        }
        None
    }

    /// Whether no token inside was chosen before.
    fn is_free(&self, span: TokenSpan) -> bool {
        !self.taken[span.range()].contains(&true)
    }

    /// Marks the unit's tokens as chosen.
    pub(crate) fn take(&mut self, unit: &Unit) {
        self.taken[unit.span.range()].fill(true);
    }
}

/// Words, and each token outside a word on its own, in order.
fn base_units(text: &TokenizedText) -> Vec<TokenSpan> {
    let mut units = Vec::with_capacity(text.words.len());
    let mut next = 0;
    for (span, _) in &text.words {
        units.extend((next..span.start).map(|position| TokenSpan::new(position, position + 1)));
        if !span.is_empty() {
            units.push(*span);
        }
        next = next.max(span.end);
    }
    units.extend((next..text.tokens.len() as u32).map(|position| TokenSpan::new(position, position + 1)));
    units
}

fn single_tokens(text: &TokenizedText) -> impl Iterator<Item = TokenSpan> {
    (0..text.tokens.len() as u32).map(|position| TokenSpan::new(position, position + 1))
}
