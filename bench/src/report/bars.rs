//! Bars that lie: groups of servers, each with its value written at its end.

use super::{
    axis::{Ruler, picture},
    units::with_unit,
};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 310.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 48.0;
const BAR: f64 = 17.0;
const GROUP_GAP: f64 = 15.0;

/// A bar: the class of the server, what it is called, its value.
pub(crate) type Bar<'a> = (&'a str, &'a str, f64);

/// A plot of bars.
pub(crate) struct Bars<'a> {
    pub(crate) title: &'a str,
    /// What the axis shows.
    pub(crate) axis: &'a str,
    pub(crate) unit: &'a str,
    /// Each with its bars.
    pub(crate) groups: Vec<(&'a str, Vec<Bar<'a>>)>,
}

impl Bars<'_> {
    /// The picture.
    pub(crate) fn draw(&self) -> String {
        let bars = self.groups.iter().map(|(_, bars)| bars.len()).sum::<usize>() as f64;
        let bottom = TOP + bars * BAR + self.groups.len() as f64 * GROUP_GAP;
        let values = self.groups.iter().flat_map(|(_, bars)| bars.iter().map(|bar| bar.2));
        let Some(ruler) = Ruler::up_to(values, LEFT, WIDTH - RIGHT) else { return String::new() };
        let drawing = self.grid(ruler, bottom) + &self.groups(ruler);
        picture(WIDTH, bottom + 50.0, self.title, &self.words(), &drawing)
    }

    fn grid(&self, ruler: Ruler, bottom: f64) -> String {
        let mut out = String::new();
        for tick in ruler.ticks() {
            let x = ruler.place(tick);
            out += &format!("<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n");
            let text = tick_text(tick);
            let y = bottom + 17.0;
            out += &format!("<text class=\"small\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>\n");
        }
        let (x, y) = (f64::midpoint(LEFT, WIDTH - RIGHT), bottom + 38.0);
        out + &format!("<text class=\"small\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>\n", self.axis)
    }

    fn groups(&self, ruler: Ruler) -> String {
        let mut out = String::new();
        let mut y = TOP;
        for (name, bars) in &self.groups {
            let middle = y + bars.len() as f64 * BAR / 2.0 + 4.5;
            out += &format!("<text x=\"16\" y=\"{middle}\">{name}</text>\n");
            for (class, server, value) in bars {
                let (text_y, height, width) = (y + BAR - 4.5, BAR - 3.0, ruler.place(*value) - LEFT);
                let (end, written) = (LEFT + width + 5.0, with_unit(*value, self.unit));
                out += &format!(
                    "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\"/>\n"
                );
                out += &format!(
                    "<text class=\"small\" x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{server}</text>\n",
                    LEFT - 6.0
                );
                out += &format!("<text class=\"small\" x=\"{end:.1}\" y=\"{text_y}\">{written}</text>\n");
                y += BAR;
            }
            y += GROUP_GAP;
        }
        out
    }

    fn words(&self) -> String {
        let group = |(name, bars): &(&str, Vec<Bar<'_>>)| {
            let bars = bars.iter().map(|(_, server, value)| format!("{server} {}", with_unit(*value, self.unit)));
            format!("{name}: {}.", bars.collect::<Vec<_>>().join(", "))
        };
        self.groups.iter().map(group).collect::<Vec<_>>().join(" ")
    }
}

/// A step of a ruler as text, without digits that do not count.
fn tick_text(value: f64) -> String {
    format!("{}", (value * 1e4).round() / 1e4)
}
