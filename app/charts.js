// Saves charts of the page as a picture. The charts are drawn again as one SVG with their computed colors, because a picture
// has no style sheet, and the SVG on a canvas.

const WIDTH = 960;
const HEIGHT = 420;
const LEFT = 72;
const TOP = 56;
const PLOT = { width: WIDTH - LEFT - 120, height: HEIGHT - TOP - 56 };
const PAINTED = ["stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity"];

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Makes `globalThis.honeCharts`, which the page calls. */
export function offerCharts() {
  globalThis.honeCharts = { save };
}

/** Downloads the visible charts of a section, below each other. */
async function save(id, name) {
  const charts = [...document.getElementById(id).querySelectorAll("figure.chart")].filter((chart) => chart.checkVisibility());
  const style = getComputedStyle(document.body);
  const paper = style.backgroundColor;
  const height = HEIGHT * charts.length;
  const drawn = charts.map((chart, nth) => `<g transform="translate(0 ${nth * HEIGHT})">${drawing(chart, style.color)}</g>`).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="14"><rect width="100%" height="100%" fill="${paper}"/>${drawn}</svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  // Twice the size, for sharp lines in a document.
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * WIDTH, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function drawing(chart, ink) {
  const text = (words, x, y, more = "") => `<text x="${x}" y="${y}" fill="${ink}" ${more}>${escaped(words)}</text>`;
  const paths = [...chart.querySelectorAll(".area > svg[role=img] > path")].map((path) => {
    const style = getComputedStyle(path);
    const painted = PAINTED.map((name) => `${name}="${style.getPropertyValue(name)}"`).join(" ");
    return `<path d="${path.getAttribute("d")}" fill="none" vector-effect="non-scaling-stroke" ${painted}/>`;
  });
  // Labels are placed in hundredths of the height.
  const at = (label) => TOP + (parseFloat(label.getAttribute("y")) / 100) * PLOT.height + 5;
  const marks = [...chart.querySelectorAll(".marks text")].map((mark) => text(mark.textContent, LEFT - 10, at(mark), 'text-anchor="end"'));
  const labels = [...chart.querySelectorAll(".labels text")].map((label) => text(label.textContent, LEFT + PLOT.width + 10, at(label)));
  const [from, to] = [...chart.querySelectorAll(".steps span")].map(({ textContent }) => textContent);
  const bottom = TOP + PLOT.height + 22;
  return [
    text(chart.querySelector("h4").textContent, LEFT, 30, 'font-weight="600" font-size="16"'),
    `<svg x="${LEFT}" y="${TOP}" width="${PLOT.width}" height="${PLOT.height}" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">${paths.join("")}</svg>`,
    ...marks,
    ...labels,
    text(from, LEFT, bottom),
    text(to, LEFT + PLOT.width, bottom, 'text-anchor="end"'),
  ].join("");
}
