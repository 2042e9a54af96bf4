// Code that comes when it is first wanted, with the texts that only such code needs. Shown by Lazy.tsx.

/** A loader of that code and of those texts. */
export const later = <Module>(load: () => Promise<Module>) => () => Promise.all([load(), import("../i18n/later")]).then(([module]) => module);
