//! A pattern as an automaton: what may come next. States are patterns too, those that are left when a beat has run: partial
//! derivatives (Antimirov, "Partial derivatives of regular expressions and finite automaton constructions", 1996), which
//! take parallel parts as easily as loops and are made only as they are needed.

use std::collections::HashMap;
use std::rc::Rc;

use crate::sequence::Pattern;

/// States of one automaton; a pattern with more is too complex.
const MOST_STATES: usize = 20_000;

/// A state.
pub type State = u32;
/// What can come next: what runs, and the state behind it.
type Arrows = Rc<[(u32, State)]>;

/// The states that were seen so far, and what can come after them.
#[derive(Debug)]
pub struct Automaton {
    nodes: Vec<Node>,
    numbers: HashMap<Node, State>,
    arrows: HashMap<State, Arrows>,
    start: State,
    too_complex: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// Nothing is left.
    Done,
    Beat(u32),
    Then(State, State),
    Both(State, State),
    OneOf(Vec<State>),
    Repeat(State, u32, Option<u32>),
}

const DONE: State = 0;

impl Automaton {
    /// Of a documented pattern.
    pub fn of(pattern: &Pattern) -> Self {
        let mut automaton = Self::empty();
        automaton.start = automaton.pattern(pattern);
        automaton
    }

    /// Of some orders, any of which is right.
    pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a [u32]>) -> Self {
        let mut automaton = Self::empty();
        let lines: Vec<State> = lines
            .into_iter()
            .map(|line| {
                line.iter().rev().fold(DONE, |rest, what| {
                    let beat = automaton.state(Node::Beat(*what));
                    automaton.then(beat, rest)
                })
            })
            .collect();
        automaton.start = automaton.state(Node::OneOf(lines));
        automaton
    }

    fn empty() -> Self {
        let (nodes, numbers) = (vec![Node::Done], HashMap::from([(Node::Done, DONE)]));
        Self { nodes, numbers, arrows: HashMap::new(), start: DONE, too_complex: false }
    }

    /// Where it begins.
    pub fn start(&self) -> State {
        self.start
    }

    /// Whether it has more states than are worth looking at; then what it says is incomplete.
    pub fn is_too_complex(&self) -> bool {
        self.too_complex
    }

    /// Whether it may end here.
    pub fn may_end(&self, state: State) -> bool {
        match &self.nodes[state as usize] {
            Node::Done => true,
            Node::Beat(_) => false,
            Node::Then(a, b) | Node::Both(a, b) => self.may_end(*a) && self.may_end(*b),
            Node::OneOf(parts) => parts.iter().any(|part| self.may_end(*part)),
            Node::Repeat(part, least, _) => *least == 0 || self.may_end(*part),
        }
    }

    /// What may come next.
    pub fn next(&mut self, state: State) -> Arrows {
        if let Some(known) = self.arrows.get(&state) {
            return Rc::clone(known);
        }
        let mut arrows = Vec::new();
        match self.nodes[state as usize].clone() {
            Node::Done => {}
            Node::Beat(what) => arrows.push((what, DONE)),
            Node::Then(first, rest) => {
                for (what, left) in self.next(first).iter() {
                    arrows.push((*what, self.then(*left, rest)));
                }
                if self.may_end(first) {
                    arrows.extend(self.next(rest).iter());
                }
            }
            Node::Both(a, b) => {
                for (what, left) in self.next(a).iter() {
                    arrows.push((*what, self.both(*left, b)));
                }
                for (what, left) in self.next(b).iter() {
                    arrows.push((*what, self.both(a, *left)));
                }
            }
            Node::OneOf(parts) => parts.iter().for_each(|part| arrows.extend(self.next(*part).iter())),
            Node::Repeat(part, least, most) => {
                let again = match most {
                    Some(0 | 1) => DONE,
                    most => self.state(Node::Repeat(part, least.saturating_sub(1), most.map(|most| most - 1))),
                };
                for (what, left) in self.next(part).iter() {
                    arrows.push((*what, self.then(*left, again)));
                }
            }
        }
        // In the pattern's order, each once: of two explanations that cost the same, always the same one is found.
        let mut once: Vec<(u32, State)> = Vec::new();
        for arrow in arrows {
            if !once.contains(&arrow) {
                once.push(arrow);
            }
        }
        let arrows: Arrows = once.into();
        self.arrows.insert(state, Rc::clone(&arrows));
        arrows
    }

    fn pattern(&mut self, pattern: &Pattern) -> State {
        match pattern {
            Pattern::Beat(beat) => self.state(Node::Beat(u32::try_from(*beat).unwrap_or(u32::MAX))),
            Pattern::InOrder(parts) => parts.iter().rev().fold(DONE, |rest, part| {
                let part = self.pattern(part);
                self.then(part, rest)
            }),
            Pattern::Parallel(parts) => parts.iter().rev().fold(DONE, |rest, part| {
                let part = self.pattern(part);
                self.both(part, rest)
            }),
            Pattern::OneOf(parts) => {
                let parts = parts.iter().map(|part| self.pattern(part)).collect();
                self.state(Node::OneOf(parts))
            }
            Pattern::Repeat(part, least, most) => {
                let part = self.pattern(part);
                self.state(Node::Repeat(part, *least, *most))
            }
        }
    }

    fn then(&mut self, first: State, rest: State) -> State {
        match (first, rest) {
            (DONE, rest) => rest,
            (first, DONE) => first,
            (first, rest) => self.state(Node::Then(first, rest)),
        }
    }

    fn both(&mut self, a: State, b: State) -> State {
        match (a, b) {
            (DONE, b) => b,
            (a, DONE) => a,
            (a, b) => self.state(Node::Both(a, b)),
        }
    }

    fn state(&mut self, node: Node) -> State {
        if let Some(known) = self.numbers.get(&node) {
            return *known;
        }
        if self.nodes.len() >= MOST_STATES {
            self.too_complex = true;
            return DONE;
        }
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node.clone());
        self.numbers.insert(node, number);
        number
    }
}
