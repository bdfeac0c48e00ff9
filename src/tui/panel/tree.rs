//! Organizational units as a tree, each level read when it is opened.
//!
//! ```text
//! -- Organizational unit -------------------------------
//!  - corp.example.com
//!    + Groups
//!    - Staff
//!        Oslo
//!        Bergen
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::StatefulWidget as _;
use tui_tree_widget::{Tree as TreeWidget, TreeItem, TreeState};

use super::page;
use crate::tui::canvas::{Canvas, units};
use crate::tui::keys::Command;
use crate::tui::view::PickedItem;

#[derive(Debug, Default)]
pub struct Tree {
    title: String,
    roots: Vec<Node>,
    at: usize,
    loading: bool,
}

#[derive(Debug)]
struct Node {
    item: PickedItem,
    /// `None` until they were read.
    children: Option<Vec<Node>>,
    open: bool,
}

/// A row: the way to a node through the levels above it.
type Way = Vec<usize>;

impl Tree {
    /// A tree while its first level is being read.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), loading: true, ..Self::default() }
    }

    pub fn title(&self) -> String {
        let state = if self.loading { "  reading ..." } else { "" };
        format!("{}{state}", self.title)
    }

    /// One level has been read: what is directly below `under`, or the first level.
    pub fn take(&mut self, under: Option<&str>, items: Vec<PickedItem>) {
        self.loading = false;
        let mut nodes: Vec<Node> = Vec::new();
        for item in items {
            if nodes.iter().all(|node| node.item.value != item.value) {
                nodes.push(Node { item, children: None, open: false });
            }
        }
        match under {
            None => self.roots = nodes,
            Some(dn) => {
                if let Some(node) = find(&mut self.roots, dn) {
                    node.children = Some(nodes);
                }
            }
        }
    }

    /// The read failed; what is there stays.
    pub fn stop(&mut self) {
        self.loading = false;
    }

    fn rows_of(nodes: &[Node], way: &Way, rows: &mut Vec<Way>) {
        for (at, node) in nodes.iter().enumerate() {
            let way: Way = way.iter().copied().chain([at]).collect();
            rows.push(way.clone());
            if let Some(children) = node.children.as_ref().filter(|_| node.open) {
                Self::rows_of(children, &way, rows);
            }
        }
    }

    fn ways(&self) -> Vec<Way> {
        let mut rows = Vec::new();
        Self::rows_of(&self.roots, &Vec::new(), &mut rows);
        rows
    }

    fn node(&self, way: &[usize]) -> Option<&Node> {
        let (first, rest) = way.split_first()?;
        rest.iter().try_fold(self.roots.get(*first)?, |node, at| node.children.as_ref()?.get(*at))
    }

    fn selected_mut(&mut self) -> Option<&mut Node> {
        let way = self.ways().into_iter().nth(self.at)?;
        let (first, rest) = way.split_first()?;
        rest.iter().try_fold(self.roots.get_mut(*first)?, |node, at| node.children.as_mut()?.get_mut(*at))
    }

    pub fn chosen(&self) -> Option<String> {
        let way = self.ways().into_iter().nth(self.at)?;
        self.node(&way).map(|node| node.item.value.clone())
    }

    /// Moves, opens and folds. Returns the DN of the level to read.
    pub fn perform(&mut self, command: Command, height: u16) -> Option<String> {
        match command {
            Command::Right => {
                let node = self.selected_mut()?;
                if !node.item.has_children {
                    return None;
                }
                node.open = true;
                if node.children.is_none() {
                    let dn = node.item.value.clone();
                    self.loading = true;
                    return Some(dn);
                }
            }
            Command::Left => {
                let way = self.ways().into_iter().nth(self.at)?;
                let node = self.selected_mut()?;
                if node.open {
                    node.open = false;
                } else if let Some((_, above)) = way.split_last().filter(|(_, above)| !above.is_empty()) {
                    self.at = self.ways().iter().position(|way| way == above).unwrap_or(0);
                }
            }
            _ => self.at = page::moved(self.at, self.ways().len(), height, command),
        }
        None
    }

    pub fn rows(&self) -> u16 {
        units(self.ways().len()).max(6)
    }

    fn items(nodes: &[Node], way: &[String], state: &mut TreeState<String>) -> Vec<TreeItem<'static, String>> {
        let item = |node: &Node| {
            let way: Vec<String> = way.iter().cloned().chain([node.item.value.clone()]).collect();
            let mut children = node.children.as_ref().map_or(Vec::new(), |nodes| Self::items(nodes, &way, state));
            if children.is_empty() && node.item.has_children && node.children.is_none() {
                children.push(TreeItem::new_leaf(String::new(), "reading ..."));
            }
            if node.open && !children.is_empty() {
                state.open(way);
            }
            let text = node.item.label.clone();
            TreeItem::new(node.item.value.clone(), text.clone(), children)
                .unwrap_or_else(|_| TreeItem::new_leaf(node.item.value.clone(), text))
        };
        nodes.iter().map(item).collect()
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        if self.roots.is_empty() {
            let text = if self.loading { "reading ..." } else { "There is no organizational unit here." };
            canvas.text(area, area.x + 1, area.y, text, Style::new());
            canvas.cursor(area, area.x, area.y);
            return;
        }
        let mut state = TreeState::default();
        let items = Self::items(&self.roots, &[], &mut state);
        let ways = self.ways();
        let row_count = ways.len();
        let dn_way = |way: &Way| -> Vec<String> {
            (1..=way.len()).filter_map(|end| self.node(&way[..end])).map(|node| node.item.value.clone()).collect()
        };
        state.select(ways.get(self.at).map(dn_way).unwrap_or_default());
        let Ok(widget) = TreeWidget::new(&items) else { return };
        let widget = widget
            .node_closed_symbol("+ ")
            .node_open_symbol("- ")
            .node_no_children_symbol("  ")
            .highlight_style(canvas.look.selected());
        let inner = Rect { x: area.x + 1, width: area.width - 1, ..area };
        widget.render(inner, canvas.buffer, &mut state);
        let row = self.at.min(row_count).saturating_sub(state.get_offset());
        canvas.cursor(area, area.x, area.y + units(row));
    }
}

fn find<'a>(nodes: &'a mut [Node], dn: &str) -> Option<&'a mut Node> {
    nodes.iter_mut().find_map(|node| {
        if node.item.value == dn { Some(node) } else { node.children.as_mut().and_then(|nodes| find(nodes, dn)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: &str, has_children: bool) -> PickedItem {
        PickedItem { value: value.into(), label: value.into(), detail: String::new(), has_children }
    }

    #[test]
    fn a_level_is_asked_for_once_when_it_is_first_opened() {
        let mut tree = Tree::new("Organizational unit");
        tree.take(None, vec![item("OU=Staff", true), item("OU=Groups", false)]);
        assert_eq!(tree.perform(Command::Right, 5), Some("OU=Staff".into()));
        tree.take(Some("OU=Staff"), vec![item("OU=Oslo,OU=Staff", false), item("OU=Oslo,OU=Staff", false)]);
        assert_eq!(tree.ways().len(), 3, "a unit that is named twice is there once");
        assert_eq!(tree.perform(Command::Left, 5), None);
        assert_eq!(tree.ways().len(), 2);
        assert_eq!(tree.perform(Command::Right, 5), None, "it was read before");
        tree.perform(Command::Down, 5);
        assert_eq!(tree.chosen().as_deref(), Some("OU=Oslo,OU=Staff"));
        tree.perform(Command::Left, 5);
        assert_eq!(tree.chosen().as_deref(), Some("OU=Staff"), "Left on a leaf goes up");
    }

    #[test]
    fn a_unit_without_units_does_not_open() {
        let mut tree = Tree::new("Organizational unit");
        tree.take(None, vec![item("OU=Groups", false)]);
        assert_eq!(tree.perform(Command::Right, 5), None);
        assert!(!tree.loading);
    }
}
