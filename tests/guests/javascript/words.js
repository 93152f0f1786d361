// How often each word is in a text.

export function count(text) {
  const counts = new Map();
  for (const [word] of text.toLowerCase().matchAll(/[a-zà-ÿ]+/g)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
