//! The units of one text that may still be chosen.

use jove_core::{EntityId, SpecialTokens, TokenSpan, TokenizedText};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use crate::{MaskConfig, UnitKind};

/// How often a random span may fall on tokens already chosen before spans are given up for this text.
const SPAN_TRIES: usize = 16;

/// A unit that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) span: TokenSpan,
    pub(crate) kind: UnitKind,
    pub(crate) entity: Option<EntityId>,
    /// Tokens inside that are not special; at least 1.
    pub(crate) maskable: usize,
}

/// The units of a text by kind, in random order, and which tokens are taken.
pub(crate) struct CandidateUnits<'a> {
    config: &'a MaskConfig,
    /// Already part of a chosen unit.
    taken: Vec<bool>,
    special: Vec<bool>,
    units: [Vec<Unit>; 5],
    /// Weight over mean unit length: the chance of a kind, before normalisation.
    chances: [f64; 5],
    /// The pieces that spans are made of.
    bricks: Vec<TokenSpan>,
}

impl<'a> CandidateUnits<'a> {
    pub(crate) fn new<R: Rng>(
        text: &TokenizedText,
        config: &'a MaskConfig,
        specials: &SpecialTokens,
        rng: &mut R,
    ) -> Self {
        let special: Vec<bool> = text.tokens.iter().map(|token| specials.contains(*token)).collect();
        let bricks = bricks(text);
        let mut pools = Self {
            config,
            taken: vec![false; special.len()],
            special,
            units: Default::default(),
            chances: [0.0; 5],
            bricks,
        };
        let weights = config.weights;
        for (kind, weight) in
            UnitKind::ALL.into_iter().zip([weights.entity, weights.pos, weights.word, weights.span, weights.token])
        {
            if weight > 0.0 {
                pools.fill(text, kind, weight, rng);
            }
        }
        pools
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
            UnitKind::Word => self.bricks.iter().map(|span| (*span, None)).collect(),
            UnitKind::Span => {
                self.chances[kind as usize] = weight / self.mean_span();
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
        self.chances[kind as usize] = weight * units.len() as f64 / tokens.max(1) as f64;
        units.shuffle(rng);
        self.units[kind as usize] = units;
    }

    /// Whether a word leaves every mention whole. Where entities are masked, half a name would give the other half away.
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

    /// The mean length of a random span, in tokens: that of the cut geometric times that of a word.
    fn mean_span(&self) -> f64 {
        let keep = 1.0 - self.config.span_stop;
        let words: f64 = (0..self.config.span_words_max).map(|length| keep.powi(length as i32)).sum();
        words * self.special.len().max(1) as f64 / self.bricks.len().max(1) as f64
    }

    /// A random unit that touches no chosen token, or `None` where none is left.
    pub(crate) fn draw<R: Rng>(&mut self, rng: &mut R) -> Option<Unit> {
        loop {
            let kind = self.draw_kind(rng)?;
            let unit = if kind == UnitKind::Span { self.draw_span(rng) } else { self.pop(kind) };
            match unit {
                Some(unit) => return Some(unit),
                None => self.chances[kind as usize] = 0.0,
            }
        }
    }

    fn draw_kind<R: Rng>(&self, rng: &mut R) -> Option<UnitKind> {
        let total: f64 = self.chances.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mut point = rng.random::<f64>() * total;
        let open = UnitKind::ALL.into_iter().filter(|kind| self.chances[*kind as usize] > 0.0);
        let mut last = None;
        for kind in open {
            last = Some(kind);
            point -= self.chances[kind as usize];
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
            if self.bricks.is_empty() {
                return None;
            }
            let first = rng.random_range(0..self.bricks.len());
            let mut last = first;
            while last + 1 < self.bricks.len()
                && last + 1 - first < self.config.span_words_max as usize
                && !rng.random_bool(self.config.span_stop)
            {
                last += 1;
            }
            let span = TokenSpan::new(self.bricks[first].start, self.bricks[last].end);
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
fn bricks(text: &TokenizedText) -> Vec<TokenSpan> {
    let mut bricks = Vec::with_capacity(text.words.len());
    let mut next = 0;
    for (span, _) in &text.words {
        bricks.extend((next..span.start).map(|position| TokenSpan::new(position, position + 1)));
        if !span.is_empty() {
            bricks.push(*span);
        }
        next = next.max(span.end);
    }
    bricks.extend((next..text.tokens.len() as u32).map(|position| TokenSpan::new(position, position + 1)));
    bricks
}

fn single_tokens(text: &TokenizedText) -> impl Iterator<Item = TokenSpan> {
    (0..text.tokens.len() as u32).map(|position| TokenSpan::new(position, position + 1))
}
