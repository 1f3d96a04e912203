//! Which files import each other in circles: the strongly connected components of the import graph (R. E. Tarjan, 1972),
//! without recursion, for a repository may have any depth.

use std::collections::BTreeMap;

/// A number for each file; files with the same number reach each other.
pub fn circles(imports: &BTreeMap<&str, Vec<&str>>) -> BTreeMap<String, usize> {
    let names: Vec<&str> = imports.keys().copied().collect();
    let numbers: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let edges: Vec<Vec<usize>> =
        imports.values().map(|to| to.iter().filter_map(|name| numbers.get(name).copied()).collect()).collect();
    let mut walk = Walk::of(names.len());
    for start in 0..names.len() {
        if walk.index[start].is_none() {
            walk.from(start, &edges);
        }
    }
    names.into_iter().map(str::to_owned).zip(walk.component).collect()
}

struct Walk {
    index: Vec<Option<usize>>,
    low: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    component: Vec<usize>,
    next: usize,
}

impl Walk {
    fn of(count: usize) -> Self {
        Self {
            index: vec![None; count],
            low: vec![0; count],
            is_open: vec![false; count],
            open: Vec::new(),
            component: vec![0; count],
            next: 0,
        }
    }

    fn from(&mut self, start: usize, edges: &[Vec<usize>]) {
        // A node and which of its edges comes next.
        let mut way = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = way.last().copied() {
            if let Some(to) = edges[node].get(edge).copied() {
                if let Some(last) = way.last_mut() {
                    last.1 += 1;
                }
                match self.index[to] {
                    None => {
                        self.enter(to);
                        way.push((to, 0));
                    }
                    Some(index) if self.is_open[to] => self.low[node] = self.low[node].min(index),
                    Some(_) => {}
                }
                continue;
            }
            way.pop();
            if let Some((parent, _)) = way.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if self.index[node] == Some(self.low[node]) {
                self.close(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.index[node] = Some(self.next);
        self.low[node] = self.next;
        self.next += 1;
        self.open.push(node);
        self.is_open[node] = true;
    }

    fn close(&mut self, root: usize) {
        while let Some(node) = self.open.pop() {
            self.is_open[node] = false;
            self.component[node] = root;
            if node == root {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_told_from_trees() {
        let graph = BTreeMap::from([
            ("a", vec!["b"]),
            ("b", vec!["c", "d"]),
            ("c", vec!["a"]),
            ("d", vec!["e", "nowhere"]),
            ("e", vec![]),
        ]);
        let found = circles(&graph);
        assert!(found["a"] == found["b"] && found["b"] == found["c"]);
        assert!(found["d"] != found["a"] && found["d"] != found["e"]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let names: Vec<String> = (0..200_000).map(|at| format!("{at:06}")).collect();
        let graph: BTreeMap<&str, Vec<&str>> = names
            .iter()
            .zip(names.iter().cycle().skip(1))
            .map(|(from, to)| (from.as_str(), vec![to.as_str()]))
            .collect();
        let found = circles(&graph);
        assert!(found.values().all(|component| *component == found["000000"]));
    }
}
