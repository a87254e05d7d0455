// Draws the page's icon as PNG files, for systems that take no SVG: `node icons.mjs icon.svg FOLDER`. The same SVG gives
// the same pixels everywhere. It reads what icon.svg uses: one <rect>, and <path>s with M, m, L, l, H, c and z.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

const [source, folder] = process.argv.slice(2);

/** Subpixels in a pixel, in each direction. */
const FINE = 4;
/** Straight pieces of a curve, and of half a circle. */
const PIECES = 24;

/** Files by name: their size in pixels, the part of it that the drawing fills, and whether the background does. */
const ICONS = {
  "icon-192.png": { pixels: 192, part: 1, isFull: false },
  "icon-512.png": { pixels: 512, part: 1, isFull: false },
  // iOS cuts the corners itself.
  "icon-180.png": { pixels: 180, part: 0.9, isFull: true },
  // Only a circle of 80 % of the width is sure to be seen.
  "icon-maskable.png": { pixels: 512, part: 0.72, isFull: true },
};

const svg = readFileSync(source, "utf8");
const side = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)[1]);
const attribute = (tag, name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
const background = /<rect[^>]*>/.exec(svg)[0];
const shapes = [...svg.matchAll(/<path[^>]*>/g)].map(([tag]) => {
  const line = outline(attribute(tag, "d"));
  const width = attribute(tag, "stroke") ? Number(attribute(tag, "stroke-width")) : 0;
  return { color: attribute(tag, "fill"), polygons: width ? [line, ...border(line, width / 2)] : [line] };
});

for (const [name, { pixels, part, isFull }] of Object.entries(ICONS)) {
  const size = pixels * FINE;
  const plane = { size, colors: new Uint32Array(size * size) };
  if (isFull) plane.colors.fill(rgba(attribute(background, "fill")));
  else fill(plane, rounded(Number(attribute(background, "rx"))), attribute(background, "fill"), 1);
  for (const { color, polygons } of shapes) for (const polygon of polygons) fill(plane, polygon, color, part);
  writeFileSync(join(folder, name), png(pixels, averaged(plane, pixels)));
}

/** The points of a path's outline. */
function outline(path) {
  const points = [];
  let [x, y] = [0, 0];
  const go = (nextX, nextY) => points.push([(x = nextX), (y = nextY)]);
  for (const [, command, rest] of path.matchAll(/([MmLlHcz])([^MmLlHcz]*)/g)) {
    const n = (rest.match(/-?(\d*\.\d+|\d+)/g) ?? []).map(Number);
    if (command === "H") for (const to of n) go(to, y);
    if ("MmLl".includes(command)) {
      const isRelative = command === "m" || command === "l";
      for (let i = 0; i < n.length; i += 2) go(n[i] + (isRelative ? x : 0), n[i + 1] + (isRelative ? y : 0));
    }
    if (command === "c") {
      for (let i = 0; i < n.length; i += 6) {
        const from = [x, y];
        const [a, b, end] = [0, 2, 4].map((k) => [from[0] + n[i + k], from[1] + n[i + k + 1]]);
        for (let piece = 1; piece <= PIECES; piece++) go(...[0, 1].map((k) => bezier(piece / PIECES, from[k], a[k], b[k], end[k])));
      }
    }
  }
  return points;
}

function bezier(t, from, a, b, end) {
  const s = 1 - t;
  return s * s * s * from + 3 * s * s * t * a + 3 * s * t * t * b + t * t * t * end;
}

/** The border of a closed outline with round joins: a circle at each point, a bar along each piece. */
function border(line, radius) {
  return line.flatMap(([x, y], i) => {
    const [nextX, nextY] = line[(i + 1) % line.length];
    const length = Math.hypot(nextX - x, nextY - y) || 1;
    const [dx, dy] = [((nextY - y) / length) * radius, ((x - nextX) / length) * radius];
    const bar = [[x + dx, y + dy], [nextX + dx, nextY + dy], [nextX - dx, nextY - dy], [x - dx, y - dy]];
    return [arc(x, y, radius, 0, 2 * PIECES), bar];
  });
}

function rounded(radius) {
  const far = side - radius;
  const corners = [[far, far], [radius, far], [radius, radius], [far, radius]];
  return corners.flatMap(([x, y], quarter) => arc(x, y, radius, (quarter * PIECES) / 2, PIECES / 2));
}

/** Points of a circle, from one piece on. */
function arc(x, y, radius, first, pieces) {
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const angle = ((first + i) * Math.PI) / PIECES;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** Fills a polygon, given in the drawing's units, by the even-odd rule. */
function fill({ size, colors }, polygon, color, part) {
  const scale = (size * part) / side;
  const shift = (size * (1 - part)) / 2;
  const points = polygon.map(([x, y]) => [x * scale + shift, y * scale + shift]);
  for (let row = 0; row < size; row++) {
    const y = row + 0.5;
    const crossings = points.flatMap(([x0, y0], i) => {
      const [x1, y1] = points[(i + 1) % points.length];
      return y0 <= y === y1 <= y ? [] : [x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)];
    });
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [from, to] = [crossings[i], crossings[i + 1]].map((x) => Math.min(size, Math.max(0, Math.round(x))));
      colors.fill(rgba(color), row * size + from, row * size + to);
    }
  }
}

function rgba(color) {
  return ((Number.parseInt(color.slice(1), 16) << 8) | 0xff) >>> 0;
}

/** Red, green, blue and alpha of each pixel, as the mean of its subpixels. */
function averaged({ size, colors }, pixels) {
  const bytes = Buffer.alloc(pixels * pixels * 4);
  for (let pixel = 0; pixel < pixels * pixels; pixel++) {
    const sum = [0, 0, 0, 0];
    for (let i = 0; i < FINE * FINE; i++) {
      const [x, y] = [(pixel % pixels) * FINE + (i % FINE), Math.floor(pixel / pixels) * FINE + Math.floor(i / FINE)];
      const color = colors[y * size + x];
      // A transparent subpixel has no color.
      if (color) [24, 16, 8, 0].forEach((bits, channel) => (sum[channel] += (color >>> bits) & 0xff));
    }
    const opaque = sum[3] / 255;
    for (let channel = 0; channel < 3; channel++) bytes[pixel * 4 + channel] = opaque ? Math.round(sum[channel] / opaque) : 0;
    bytes[pixel * 4 + 3] = Math.round(sum[3] / (FINE * FINE));
  }
  return bytes;
}

/** A PNG file of 8 bits for each channel (PNG specification, third edition, W3C). */
function png(pixels, bytes) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  // 8 bits, with red, green, blue and alpha.
  header.set([8, 6, 0, 0, 0], 8);
  // Every row begins with its filter: none.
  const rows = Array.from({ length: pixels }, (_, y) => [Buffer.alloc(1), bytes.subarray(y * pixels * 4, (y + 1) * pixels * 4)]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows.flat()), { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The checksum of PNG and zip. Node has its own only since 20.15. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
