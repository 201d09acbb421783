export async function main(argv: string[]): Promise<void> {
  process.stdout.write(`${argv.slice(2).join(' ')}\n`);
}
