// What AWS's TEAM solution asks, with the AWS SDK for JavaScript: the statement's start, its polling, its pages.
// Run in a folder that has the SDK: node team.mjs STORE STATEMENT. It prints the rows as JSON.

import { createRequire } from "node:module";

const { CloudTrailClient, DescribeQueryCommand, StartQueryCommand, paginateGetQueryResults } = createRequire(
  `${process.cwd()}/`,
)("@aws-sdk/client-cloudtrail");

const [store, statement] = process.argv.slice(2);
const client = new CloudTrailClient({});
const { QueryId } = await client.send(new StartQueryCommand({ QueryStatement: statement }));

let status;
do {
  status = (await client.send(new DescribeQueryCommand({ EventDataStore: store, QueryId }))).QueryStatus;
} while (status === "QUEUED" || status === "RUNNING");

const rows = [];
const pages = [];
for await (const page of paginateGetQueryResults({ client }, { EventDataStore: store, QueryId, MaxQueryResults: 20 })) {
  pages.push(page.QueryResultRows.length);
  for (const row of page.QueryResultRows) rows.push(Object.assign({}, ...row));
}

let refused;
try {
  await client.send(new DescribeQueryCommand({ QueryId: "abcdef01-2345-6789-abcd-ef0123456789" }));
} catch (error) {
  refused = error.name;
}
console.log(JSON.stringify({ status, pages, rows, refused }));
