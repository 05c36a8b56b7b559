// Documents by name as JSON on standard input; on standard output, what the official parser makes of each.
const { Parser } = require("@asyncapi/parser");

async function read(parser, text) {
  const { document, diagnostics } = await parser.parse(text);
  const named = (found) => found.all().map((one) => one.id()).sort();
  return {
    diagnostics: diagnostics.map(({ code, message, severity, path }) => ({ code, message, severity, path })),
    channels: document && named(document.channels()),
    operations: document && named(document.operations()),
    messages: document && named(document.components().messages()),
  };
}

async function main() {
  let input = "";
  for await (const part of process.stdin) input += part;
  const parser = new Parser();
  const found = {};
  for (const [name, text] of Object.entries(JSON.parse(input))) found[name] = await read(parser, text);
  process.stdout.write(JSON.stringify(found));
}

main();
