// Compile MJML and inline its CSS as many times as asked, and print the seconds of each time as JSON:
//   node mjml_juice.js FILE TIMES
const fs = require("fs");
const mjml = require("mjml");
const juice = require("juice");

async function main() {
  const source = fs.readFileSync(process.argv[2], "utf8");
  const compile = mjml.default || mjml;
  const seconds = [];
  let bytes = 0;
  for (let round = 0; round < Number(process.argv[3]); round += 1) {
    const start = process.hrtime.bigint();
    const made = await compile(source, { fonts: {}, validationLevel: "soft" });
    bytes = juice(made.html).length;
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  console.log(JSON.stringify({ seconds, bytes }));
}

main();
