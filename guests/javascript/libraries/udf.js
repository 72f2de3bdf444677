/** Uses each package that docs/LIBRARIES.md lists for JavaScript, so that vectors.json tests the list. */

import Big from "big.js";
import { addDays, format } from "date-fns";
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc";
import Fuse from "fuse.js";
import _ from "lodash";
import { DateTime, Settings } from "luxon";
import seedrandom from "seedrandom";
import { v4, v5 } from "uuid";
import { component, define, field, InvalidArgument, parameter } from "whittle-guest";
import * as z from "zod";

// What libraries see that look at the clock and ask for random numbers while they load.
const loading = `${Date.now()} ${new Date().toISOString()} ${Math.random()}`;

// There is no log yet: the line waits until the component is described.
console.log("loaded");

dayjs.extend(utc);

// Otherwise luxon asks `Intl` for the language and the time zone, and the clock for the time.
Settings.defaultLocale = "en";
Settings.defaultZone = "utc";
Settings.now = () => 0;

const person = z.object({ age: z.number().min(18) });

const uses = {
  "big.js": (text) => new Big(text).plus("0.2").toString(),
  "date-fns": (text) => format(addDays(new Date(text), 1), "EEEE, d MMMM yyyy"),
  dayjs: (text) => dayjs.utc(text).add(1, "month").format("dddd, D MMMM YYYY"),
  "fuse.js": (text) => new Fuse(["hello", "world"]).search(text)[0]?.item ?? null,
  lodash: (text) => _.startCase(_.deburr(text)) + JSON.stringify(_.countBy(text.split(" "))),
  luxon: (text) => DateTime.fromISO(text).plus({ months: 1 }).toFormat("cccc, d LLLL yyyy"),
  seedrandom: (text) => `${Math.floor(seedrandom(text)() * 1000)}`,
  uuid: (text) => v5(text, v5.DNS),
  zod: (text) => person.safeParse(JSON.parse(text)).error?.issues[0].message ?? "valid",

  loading: () => loading,
  "_.now": () => `${_.now()}`,
  "_.random": () => `${_.random(9)}`,
  "uuid.v4": () => v4(),
  "new Date()": () => `${new Date()}`,
  "Math.random": () => `${Math.random()}`,
  "luxon.setZone": (text) => DateTime.fromMillis(0).setZone(text).toISO(),
  Buffer: (text) => Buffer.from(text).toString(),
  crypto: () => crypto.randomUUID(),
  fetch: (text) => `${fetch(text)}`,
  Intl: (text) => new Intl.NumberFormat(text).format(1),
  process: () => process.env.HOME,
  setTimeout: () => `${setTimeout(() => {}, 1)}`,
  TextEncoder: (text) => `${new TextEncoder().encode(text)}`,
  URL: (text) => new URL(text).host,
};

const library = define({
  name: "library",
  description: "What a package makes of the document's text.",
  parameters: {
    name: parameter("text", "The name of the package."),
    field: field("text", "The field with the text.", { default: "text" }),
  },
  returns: "text",
  prepare({ name, field }) {
    const use = uses[name];
    if (!use) throw new InvalidArgument(`parameter \`name\`: unknown library \`${name}\``);
    return () => use(field.get() ?? "");
  },
});

export const functions = component(library);
