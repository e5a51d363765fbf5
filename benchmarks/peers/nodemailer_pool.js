// Send as many messages as asked through nodemailer's pool, and print the seconds as JSON:
//   node nodemailer_pool.js PORT CONNECTIONS MESSAGES FILE
// FILE is one whole message; To and Message-ID differ from reader to reader, as ours do.
const fs = require("fs");
const nodemailer = require("nodemailer");

async function main() {
  const [port, connections, messages] = process.argv.slice(2, 5).map(Number);
  const raw = fs.readFileSync(process.argv[5], "latin1");
  const pool = nodemailer.createTransport({
    host: "127.0.0.1", port, secure: false, ignoreTLS: true,
    pool: true, maxConnections: connections, maxMessages: Infinity,
  });
  const send = number => pool.sendMail({
    envelope: { from: "bounce@news.example.org", to: `reader${number}@example.com` },
    raw: raw.replace("@READER@", `reader${number}@example.com`).replace("@ID@", `${number}`),
  });
  await send(0);
  const start = process.hrtime.bigint();
  const waiting = [];
  for (let number = 1; number <= messages; number += 1) waiting.push(send(number));
  await Promise.all(waiting);
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9 }));
  pool.close();
}

main();
