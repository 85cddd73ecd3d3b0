// A list of named checks that all run, also after one failed, and how many did. ONLY=BEGINNING runs those of that name.

const checks = [];
export const check = (name, test) => checks.push({ name, test });

export async function runAll(context) {
  let failed = 0;
  for (const { name, test } of checks.filter((c) => !process.env.ONLY || c.name.startsWith(process.env.ONLY))) {
    try {
      const skipped = await test(context);
      console.log(skipped === undefined ? `ok       ${name}` : `skipped  ${name}: ${skipped}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED   ${name}\n         ${String(error.message).split("\n").slice(0, 6).join("\n         ")}`);
    }
  }
  console.log(`${failed} failed`);
  return failed;
}

export function same(found, wanted, what = "value") {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: found ${a?.slice(0, 400)}, wanted ${b?.slice(0, 400)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
