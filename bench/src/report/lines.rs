//! Lines over two scales in powers of ten, each with its name at its end.

use super::axis::{Scale, picture, tick_text};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 62.0;

/// Names at the ends of lines stand at least so far apart.
const NAME_HEIGHT: f64 = 15.0;

/// One line.
pub(crate) struct Line {
    pub(crate) name: String,
    /// Its colour, and whether it is dashed.
    pub(crate) class: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A plot of lines.
pub(crate) struct Lines<'a> {
    pub(crate) title: &'a str,
    pub(crate) x_axis: &'a str,
    pub(crate) y_axis: &'a str,
    pub(crate) lines: Vec<Line>,
}

impl Lines<'_> {
    /// The picture.
    pub(crate) fn draw(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().copied());
        let x = Scale::around(points().map(|point| point.0), LEFT, WIDTH - RIGHT);
        let y = Scale::around(points().map(|point| point.1), HEIGHT - BOTTOM, TOP);
        let (Some(x), Some(y)) = (x, y) else { return String::new() };
        let drawing = self.grid(x, y) + &self.drawn(x, y) + &self.names(x, y);
        picture(WIDTH, HEIGHT, self.title, &self.words(), &drawing)
    }

    fn grid(&self, x: Scale, y: Scale) -> String {
        let mut out = String::new();
        let (left, right, bottom) = (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in x.ticks() {
            let (at, text) = (x.place(tick), tick_text(tick));
            out += &format!("<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n");
            let below = bottom + 18.0;
            out += &format!("<text class=\"small\" x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{text}</text>\n");
        }
        for tick in y.ticks() {
            let (at, text) = (y.place(tick), tick_text(tick));
            out += &format!("<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\n");
            let (before, middle) = (left - 8.0, at + 4.0);
            out +=
                &format!("<text class=\"small\" x=\"{before}\" y=\"{middle:.1}\" text-anchor=\"end\">{text}</text>\n");
        }
        let (middle, below) = (f64::midpoint(left, right), HEIGHT - 18.0);
        out += &format!(
            "<text class=\"small\" x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>\n",
            self.x_axis
        );
        let half = f64::midpoint(TOP, bottom);
        let turned = format!("transform=\"rotate(-90 20 {half})\" text-anchor=\"middle\"");
        out + &format!("<text class=\"small\" x=\"20\" y=\"{half}\" {turned}>{}</text>\n", self.y_axis)
    }

    fn drawn(&self, x: Scale, y: Scale) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let place = |(a, b): &(f64, f64)| (x.place(*a), y.place(*b));
            let path: Vec<_> = line.points.iter().map(place).map(|(a, b)| format!("{a:.1},{b:.1}")).collect();
            out += &format!("<polyline class=\"line {}\" points=\"{}\"/>\n", line.class, path.join(" "));
            let colour = line.class.split(' ').next().unwrap_or_default();
            for (a, b) in line.points.iter().map(place) {
                out += &format!("<circle class=\"{colour}\" cx=\"{a:.1}\" cy=\"{b:.1}\" r=\"3\"/>\n");
            }
        }
        out
    }

    /// The names, moved apart where lines end close to each other. A line that ends before the others has its name above it.
    fn names(&self, x: Scale, y: Scale) -> String {
        let end = |line: &Line| line.points.last().map(|(a, b)| (x.place(*a), y.place(*b)));
        let mut names: Vec<_> = self.lines.iter().filter_map(|line| Some((line, end(line)?))).collect();
        names.sort_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
        let rightmost = names.iter().map(|(_, end)| end.0).fold(f64::MIN, f64::max);
        let mut out = String::new();
        let mut lowest = f64::MIN;
        for (line, (at, height)) in names {
            let colour = line.class.split(' ').next().unwrap_or_default();
            if at < rightmost {
                let (from, above) =
                    (line.points.first().map_or(at, |first| x.place(first.0)), height - NAME_HEIGHT / 2.0);
                out += &format!("<text class=\"{colour}\" x=\"{from:.1}\" y=\"{above:.1}\">{}</text>\n", line.name);
                continue;
            }
            lowest = (height + 4.0).max(lowest + NAME_HEIGHT);
            out += &format!("<text class=\"{colour}\" x=\"{:.1}\" y=\"{lowest:.1}\">{}</text>\n", at + 9.0, line.name);
        }
        out
    }

    fn words(&self) -> String {
        let point = |(x, y): &(f64, f64)| format!("{} at {}", super::units::number(*y), super::units::number(*x));
        let line = |line: &Line| {
            let points: Vec<_> = line.points.iter().map(point).collect();
            format!("{}: {}.", line.name, points.join(", "))
        };
        format!(
            "{} against {}. {}",
            self.y_axis,
            self.x_axis,
            self.lines.iter().map(line).collect::<Vec<_>>().join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_ends_before_the_others_has_its_name_above_it_and_not_across_them() {
        let line = |name: &str, points: &[(f64, f64)]| Line {
            name: name.to_owned(),
            class: "tidings",
            points: points.to_vec(),
        };
        let lines = vec![line("short", &[(10.0, 20.0), (100.0, 20.0)]), line("long", &[(10.0, 10.0), (1_000.0, 10.0)])];
        let plot = Lines { title: "", x_axis: "", y_axis: "", lines };
        let (x, y) = (Scale::around([10.0, 1_000.0], 0.0, 100.0), Scale::around([10.0, 20.0], 100.0, 0.0));
        let (x, y) = (x.unwrap(), y.unwrap());
        let names = plot.names(x, y);
        let short = format!("x=\"{:.1}\" y=\"{:.1}\">short<", x.place(10.0), y.place(20.0) - NAME_HEIGHT / 2.0);
        assert!(names.contains(&short), "{names}");
        assert!(names.contains(&format!("x=\"{:.1}\"", x.place(1_000.0) + 9.0)), "{names}");
    }
}
