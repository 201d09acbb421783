/** A drawing of ours as a file that stands alone: with its colours, on white. */
export function standalone(drawn: string): string {
  const style =
    '<style>text{font:12px system-ui,sans-serif;fill:#5b6570}.axis line{stroke:#d5dbe1}.stroke{fill:none;stroke:#0b6bcb;stroke-width:2}.whisker{stroke:#0b6bcb;stroke-width:1.5;opacity:.7}.mark{fill:#0b6bcb}.reference{stroke:#5b6570;stroke-dasharray:4 3}</style><rect width="100%" height="100%" fill="#fff"/>';
  return `${drawn.replace(/<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ').replace(/>/, `>${style}`)}\n`;
}
