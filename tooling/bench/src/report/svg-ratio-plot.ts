/** One line of the plot: how several contestants stand to the limit. */
export interface PlotLine {
  readonly label: string;
  readonly marks: readonly {
    readonly contestant: string;
    readonly median: number;
    readonly lower: number;
    readonly upper: number;
  }[];
}

/** Whether the plot is for a light or a dark page. */
export type Theme = "light" | "dark";

const colours = {
  light: { text: "#1f2328", faint: "#d1d9e0", marks: ["#0969da", "#bc4c00", "#1a7f37", "#8250df"] },
  dark: { text: "#e6edf3", faint: "#3d444d", marks: ["#58a6ff", "#f0883e", "#3fb950", "#bc8cff"] },
} as const;

const labelWidth = 230;
const plotWidth = 560;
const lineHeight = 24;
const headHeight = 64;
const footHeight = 28;
const ticks = [0.25, 0.5, 1, 2, 4, 8];
const [leastRatio, mostRatio] = [0.2, 10];

/** Ratios to the limit as dots with their middle half, on a scale where half and double are as far from 1. */
export function ratioPlot(title: string, lines: readonly PlotLine[], theme: Theme): string {
  const { text, faint, marks } = colours[theme];
  const names = [...new Set(lines.flatMap((line) => line.marks.map(({ contestant }) => contestant)))];
  const width = labelWidth + plotWidth + 24;
  const bottom = headHeight + lines.length * lineHeight;
  const grid = ticks.map((tick) => {
    const x = place(tick);
    const stroke = tick === 1 ? `stroke="${text}"` : `stroke="${faint}" stroke-dasharray="2 3"`;
    return `<line x1="${x}" x2="${x}" y1="${headHeight - 8}" y2="${bottom}" ${stroke}/><text x="${x}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`;
  });
  const legend = names.map((name, index) => {
    const x = labelWidth + index * 140;
    return `${shape(index, x, 40, marks[index] ?? text)}<text x="${x + 12}" y="44">${escapeXml(name)}</text>`;
  });
  const rows = lines.map((line, row) => {
    const y = headHeight + row * lineHeight + lineHeight / 2;
    const drawn = line.marks.map(({ contestant, median, lower, upper }) => {
      const index = names.indexOf(contestant);
      const colour = marks[index] ?? text;
      const offset = y + (index - (names.length - 1) / 2) * 5;
      const range = `<line x1="${place(lower)}" x2="${place(upper)}" y1="${offset}" y2="${offset}" stroke="${colour}" stroke-width="2" opacity="0.5"/>`;
      return range + shape(index, place(median), offset, colour);
    });
    return `<text x="${labelWidth - 12}" y="${y + 4}" text-anchor="end">${escapeXml(line.label)}</text>${drawn.join("")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + footHeight}" width="${width}" height="${bottom + footHeight}" font-family="system-ui, sans-serif" font-size="12" fill="${text}" role="img" aria-label="${escapeXml(title)}">
<text x="${labelWidth}" y="20" font-size="14" font-weight="600">${escapeXml(title)}</text>
${[...legend, ...grid, ...rows].join("\n")}
</svg>
`;
}

function place(ratio: number): number {
  const inside = Math.min(mostRatio, Math.max(leastRatio, ratio));
  const share = Math.log(inside / leastRatio) / Math.log(mostRatio / leastRatio);
  return Math.round((labelWidth + share * plotWidth) * 10) / 10;
}

// A shape of its own for each, for those who do not tell the colours apart.
function shape(index: number, x: number, y: number, colour: string): string {
  const drawings = [
    `<circle cx="${x}" cy="${y}" r="4.5" fill="${colour}"/>`,
    `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`,
    `<path d="M${x} ${y - 5}l5 5l-5 5l-5 -5z" fill="${colour}"/>`,
    `<path d="M${x} ${y - 5}l5 9h-10z" fill="${colour}"/>`,
  ];
  return drawings[index % drawings.length] ?? "";
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
