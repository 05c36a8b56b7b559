/*
 * The last renewal of the tokens, where every tab reads what another has just stored. localStorage is not that place:
 * each process keeps a copy, which learns of a change a moment later, and a refresh token that is spent twice signs
 * everybody out.
 */
const NAME = "lyo";
const STORE = "renewals";
const LAST = "last";

/** {spent, held}: the access token that was renewed, and what is held instead; undefined when nothing was renewed. */
export async function lastRenewal() {
  return within("readonly", (store) => store.get(LAST));
}

/** Once this has resolved, every tab's `lastRenewal` gives it. */
export async function keepRenewal(renewal) {
  await within("readwrite", (store) => store.put(renewal, LAST));
}

/** Nobody is signed in any more. */
export async function forgetRenewal() {
  await within("readwrite", (store) => store.delete(LAST));
}

async function within(mode, use) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const committed = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([done(use(transaction.objectStore(STORE))), committed]);
    return result;
  } finally {
    database.close();
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
