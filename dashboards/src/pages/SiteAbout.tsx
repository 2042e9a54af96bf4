// What there is to know of a site beside its figures: whom to call, where it is, notes, photographs.
import { photoUrl } from "../api/calls";
import type { SiteDetail } from "../api/types";
import { local, t } from "../i18n";
import "./SiteAbout.css";

/** Nothing where nobody has written anything. */
export function SiteAbout({ site }: { site: SiteDetail }) {
  const { contact, address, notes, photos } = site.about;
  const isPlaced = site.location !== null;
  if (contact === null && address === null && notes === null && photos === 0 && !isPlaced) return null;
  return (
    <section class="stack-tight" aria-labelledby="site-about">
      <h2 id="site-about">{t("about.title")}</h2>
      <div class="panel site-about">
        <dl class="site-facts">
          {contact !== null && (
            <div>
              <dt class="small muted">{t("about.contact")}</dt>
              <dd>
                {contact.name}
                {contact.phone !== null && (
                  <>
                    {" · "}
                    <a class="tall figures" href={`tel:${contact.phone.replace(/[^\d+]/g, "")}`}>
                      {contact.phone}
                    </a>
                  </>
                )}
                {contact.email !== null && (
                  <>
                    {" · "}
                    <a class="tall" href={`mailto:${contact.email}`}>{contact.email}</a>
                  </>
                )}
              </dd>
            </div>
          )}
          {(address !== null || isPlaced) && (
            <div>
              <dt class="small muted">{t("about.address")}</dt>
              <dd>
                {local(address)} {isPlaced && <a class="tall" href={`/map?site=${encodeURIComponent(site.id)}`}>{t("about.onMap")}</a>}
              </dd>
            </div>
          )}
          {notes !== null && (
            <div>
              <dt class="small muted">{t("about.notes")}</dt>
              <dd class="site-notes">{local(notes)}</dd>
            </div>
          )}
        </dl>
        {photos > 0 && (
          <ul class="site-photos">
            {Array.from({ length: photos }, (_, index) => (
              <li key={index}>
                <a href={photoUrl(site.id, index + 1)} target="_blank" rel="noreferrer">
                  <img src={photoUrl(site.id, index + 1)} alt={t("about.photo", { n: index + 1, name: local(site.name) })} loading="lazy" />
                </a>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
