// The page without a hub speaks the person's language and goes on as soon as the hub answers.
const EVERY_MS = 5_000;

function recalled() {
  try {
    return localStorage.getItem("commune.lang");
  } catch {
    return null;
  }
}

if (recalled() === "en") {
  document.documentElement.lang = "en";
  document.title = "Not reached · Smart commune";
  for (const section of document.querySelectorAll("section")) section.hidden = section.lang !== "en";
}

async function look() {
  try {
    // Any answer is a hub that answers.
    await fetch("/health/live", { cache: "no-store" });
    location.reload();
  } catch {
    // Not yet.
  }
}

for (const button of document.querySelectorAll("button")) button.addEventListener("click", look);
addEventListener("online", look);
setInterval(look, EVERY_MS);
