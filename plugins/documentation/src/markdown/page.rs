//! A document as rules see it: links, headings, code, tables, each with its place. `CommonMark` is read by `pulldown-cmark`.

use std::collections::BTreeSet;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use thymus_sdk::source::Text;

use super::slug::{Slugs, essence};

/// A document.
#[derive(Debug)]
pub struct Page {
    /// The file.
    pub text: Text,
    /// Anchors of headings, in their order, with the headings' words.
    pub headings: Vec<(String, String)>,
    /// Anchors that HTML sets.
    pub ids: BTreeSet<String>,
    /// What of all these anchors readers see.
    pub essences: BTreeSet<String>,
    /// Links and images.
    pub links: Vec<Link>,
    /// Fenced and indented code.
    pub blocks: Vec<Block>,
    /// Rows of tables, the head's included.
    pub tables: Vec<Table>,
    /// Code within text.
    pub codes: Vec<Code>,
}

/// A link or an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub to: String,
    /// Where that is written.
    pub at: Range<usize>,
    /// What it says.
    pub words: String,
}

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first word behind the fence, in lower case.
    pub language: String,
    /// Its content's bytes.
    pub at: Range<usize>,
}

/// Code within text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Without backticks.
    pub text: String,
    /// Where it stands, without backticks.
    pub at: Range<usize>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The words of its head's cells.
    pub head: Vec<String>,
    /// Each row's cells.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// All of its words.
    pub words: String,
    /// The code in it.
    pub codes: Vec<Code>,
}

/// What is being read.
#[derive(Default)]
struct Open {
    heading: Option<String>,
    heading_id: Option<String>,
    link: Option<Link>,
    block: Option<Block>,
    cell: Option<Cell>,
    row: Vec<Cell>,
    slugs: Slugs,
}

impl Page {
    /// Reads a document.
    pub fn read(text: Text) -> Self {
        let content = text.content.clone();
        let mut page = Self {
            text,
            headings: Vec::new(),
            ids: BTreeSet::new(),
            essences: BTreeSet::new(),
            links: Vec::new(),
            blocks: Vec::new(),
            tables: Vec::new(),
            codes: Vec::new(),
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let parser = Parser::new_ext(&content, options);
        for (_, definition) in parser.reference_definitions().iter() {
            let to = definition.dest.to_string();
            page.links.extend(place_of(&content, definition.span.clone(), &to).map(|at| Link {
                to,
                at,
                words: String::new(),
            }));
        }
        let mut open = Open::default();
        for (event, at) in parser.into_offset_iter() {
            page.take(&content, event, at, &mut open);
        }
        page.links.sort_by_key(|link| link.at.start);
        let headings = page.headings.iter().flat_map(|(slug, words)| [essence(slug), essence(words)]);
        page.essences = headings.chain(page.ids.iter().map(|id| essence(id))).collect();
        page
    }

    fn take(&mut self, content: &str, event: Event, at: Range<usize>, open: &mut Open) {
        match event {
            Event::Start(tag) => self.start(content, tag, at, open),
            Event::End(tag) => self.end(tag, open),
            Event::Text(words) => {
                if let Some(block) = &mut open.block {
                    block.at = if block.at.is_empty() { at } else { block.at.start..at.end };
                } else {
                    say(open, &words);
                }
            }
            Event::Code(words) => {
                say(open, &words);
                let inner = inside(content, at, &words);
                let code = Code { text: words.to_string(), at: inner };
                if let Some(cell) = &mut open.cell {
                    cell.codes.push(code.clone());
                }
                self.codes.push(code);
            }
            Event::Html(html) | Event::InlineHtml(html) => ids(&html, &mut self.ids),
            Event::SoftBreak | Event::HardBreak => say(open, " "),
            _ => {}
        }
    }

    fn start(&mut self, content: &str, tag: Tag, at: Range<usize>, open: &mut Open) {
        match tag {
            Tag::Heading { id, .. } => {
                open.heading = Some(String::new());
                open.heading_id = id.map(|id| id.to_string());
            }
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                let to = dest_url.to_string();
                if link_type == LinkType::Inline {
                    open.link = place_of(content, at, &to).map(|at| Link { to, at, words: String::new() });
                }
            }
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{']).next().unwrap_or_default().to_lowercase()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                open.block = Some(Block { language, at: at.start..at.start });
            }
            Tag::Table(_) => self.tables.push(Table::default()),
            Tag::TableCell => open.cell = Some(Cell::default()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, open: &mut Open) {
        match tag {
            TagEnd::Heading(_) => {
                let words = open.heading.take().unwrap_or_default();
                let slug = open.slugs.next(&words);
                self.ids.extend(open.heading_id.take());
                self.headings.push((slug, words));
            }
            TagEnd::Link | TagEnd::Image => self.links.extend(open.link.take()),
            TagEnd::CodeBlock => self.blocks.extend(open.block.take().filter(|block| !block.at.is_empty())),
            TagEnd::TableCell => open.row.extend(open.cell.take()),
            TagEnd::TableHead => {
                let head = std::mem::take(&mut open.row);
                if let Some(table) = self.tables.last_mut() {
                    table.head = head.into_iter().map(|cell| cell.words).collect();
                }
            }
            TagEnd::TableRow => {
                let row = std::mem::take(&mut open.row);
                self.tables.iter_mut().last().into_iter().for_each(|table| table.rows.push(row.clone()));
            }
            _ => {}
        }
    }

    /// The document's folder; empty at the top.
    pub fn folder(&self) -> &str {
        self.text.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// A block's content.
    pub fn code(&self, block: &Block) -> &str {
        self.text.content.get(block.at.clone()).unwrap_or_default()
    }
}

fn say(open: &mut Open, words: &str) {
    open.heading.iter_mut().for_each(|heading| heading.push_str(words));
    open.link.iter_mut().for_each(|link| link.words.push_str(words));
    open.cell.iter_mut().for_each(|cell| cell.words.push_str(words));
}

/// Where a link's target is written: in the last place of the link where it stands, behind its words.
fn place_of(content: &str, link: Range<usize>, to: &str) -> Option<Range<usize>> {
    let text = content.get(link.clone())?;
    let from = text.rfind("](").or_else(|| text.rfind("]:"))?;
    let at = link.start + from + text[from..].find(to).filter(|_| !to.is_empty())?;
    Some(at..at + to.len())
}

/// A code span without its backticks.
fn inside(content: &str, at: Range<usize>, words: &str) -> Range<usize> {
    match content.get(at.clone()).and_then(|text| text.find(words)) {
        Some(start) => at.start + start..at.start + start + words.len(),
        None => at,
    }
}

/// The values of `id` and `name` in HTML.
fn ids(html: &str, into: &mut BTreeSet<String>) {
    for mark in ["id=", "name="] {
        for (at, _) in html.match_indices(mark) {
            let value = html[at + mark.len()..].trim_start_matches(['"', '\'']);
            let end = value.find(['"', '\'', ' ', '>', '/']).unwrap_or(value.len());
            into.insert(value[..end].to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_places() {
        let content = "# A `b`\n\nSee [the file](docs/x.md \"t\") and [ref].\n\n[ref]: ./y.md#z\n\n```js {1}\ncode();\n```\n\n\
                       | file | what |\n|---|---|\n| `src/a.js` | x |\n\n<a id=\"here\"></a>\n";
        let page = Page::read(Text::new("README.md", content));
        assert_eq!(page.headings, [("a-b".to_owned(), "A b".to_owned())]);
        let links: Vec<_> = page.links.iter().map(|link| &content[link.at.clone()]).collect();
        assert_eq!(links, ["docs/x.md", "./y.md#z"]);
        assert_eq!(page.links[0].words, "the file");
        assert_eq!((page.blocks[0].language.as_str(), page.code(&page.blocks[0])), ("js", "code();\n"));
        assert_eq!(page.tables[0].head, ["file", "what"]);
        assert_eq!(&content[page.tables[0].rows[0][0].codes[0].at.clone()], "src/a.js");
        assert!(page.ids.contains("here"));
    }
}
