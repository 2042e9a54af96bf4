// For integrators: a device is added step by step, or its text changed: chosen, placed, read once from the real thing, saved.
// The form only writes the text; what is tried and saved is that text, and the hub judges it.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Site } from "../../api/types";
import { type Profile, type Quantity, type SavedSiteFile, type SiteFile, type TriedDevice, checkDevice, getProfiles, getQuantities, getSiteFile, getSites, tryDevice } from "../../api/devices";
import { type Bus, getBuses } from "../../api/field";
import { t } from "../../i18n";
import { useResource } from "../../lib/resource";
import { navigate, query } from "../../lib/router";
import { useTitle } from "../../lib/title";
import { BackLink } from "../../ui/BackLink";
import { Button } from "../../ui/Button";
import { TextArea } from "../../ui/Field";
import { Help } from "../../ui/Help";
import { Failed, Loading } from "../../ui/States";
import { Faults, Toml } from "./Parts";
import { PlaceStep } from "./PlaceStep";
import { ProfileStep } from "./ProfileStep";
import { RemoveDialogue, SaveDialogue } from "./SaveDialogue";
import { Saved } from "./Saved";
import { Trial } from "./Trial";
import { faultsOf, taken } from "./draft";
import { type DeviceForm, deviceToml, emptyForm, faultBit, idFrom, idIn, withPoint } from "./toml";
import "../../ui/Table.css";
import "./texts";
import "./Devices.css";

interface Known {
  sites: Site[];
  profiles: Profile[];
  quantities: Quantity[];
  lines: string[];
  file: SiteFile | null;
}

async function known(site: string): Promise<Known> {
  const [sites, profiles, quantities, buses] = await Promise.all([getSites(), getProfiles(), getQuantities(), getBuses()]);
  const chosen = sites.find((each) => each.id === site) ?? sites[0];
  const file = chosen === undefined ? null : await getSiteFile(chosen.id);
  // Those of the site first: most new devices hang on a line that is there.
  const isOfSite = (bus: Bus) => Number(bus.devices.some((each) => each.id.startsWith(`${chosen?.id}/`)));
  const lines = [...buses].sort((one, other) => isOfSite(other) - isOfSite(one)).map((bus) => bus.endpoint);
  return { sites, profiles: profiles.filter((each) => each.adapter === "modbus"), quantities, lines, file };
}

export default function DevicePage({ isNew }: { isNew: boolean }) {
  const device = isNew ? "" : (query.value.get("device") ?? "");
  const title = isNew ? t("devices.newTitle") : t("devices.editTitle", { id: device });
  useTitle(title);
  const site = query.value.get("site") ?? "";
  const [found, reload] = useResource(device, () => known(site), site);
  const { data, error } = found.value;
  return (
    <>
      <BackLink href={`/devices?site=${site}`}>{t("devices.back")}</BackLink>
      <div>
        <h1>{title}</h1>
        <Help text={t("devices.formHelp")} />
      </div>
      {data === null || data.file === null ? (
        error !== null ? <Failed error={error} onRetry={reload} /> : <Loading rows={3} height={160} />
      ) : (
        <Editor key={device} known={data} file={data.file} device={device} onOvertaken={reload} />
      )}
    </>
  );
}

interface EditorProps {
  known: Known;
  file: SiteFile;
  /** Empty for a new one. */
  device: string;
  onOvertaken: () => void;
}

function Editor({ known: { sites, profiles, quantities, lines }, file, device, onOvertaken }: EditorProps) {
  const handed = useRef(taken()).current;
  const isNew = device === "";
  const form = useSignal<DeviceForm>({ ...emptyForm, line: lines[0] ?? "", ...(handed !== null && "form" in handed ? handed.form : {}) });
  const chosen = useSignal<string | null>(form.value.points === "" ? null : "");
  const present = file.devices.find((each) => each.id === device)?.toml ?? "";
  /** The text while it is written by hand; `null` while the form writes it. */
  const byHand = useSignal<string | null>(isNew ? null : handed !== null && "point" in handed ? withPoint(present, handed.point) : present);
  const missing = useSignal<Partial<Record<keyof DeviceForm, string>>>({});
  const tried = useSignal<TriedDevice | null>(null);
  const busy = useSignal<"try" | "check" | null>(null);
  const faults = useSignal<string[]>([]);
  const saving = useSignal<string | null>(null);
  const removing = useSignal(false);
  const saved = useSignal<SavedSiteFile | null>(null);

  const text = byHand.value ?? deviceToml({ ...form.value, profile: chosen.value ?? "" });
  const id = byHand.value === null ? form.value.id : isNew ? idIn(byHand.value) : device;
  const write = (change: Partial<DeviceForm>) => {
    const before = form.peek();
    // The id follows the name until somebody writes one.
    const follows = change.name !== undefined && before.id === idFrom(before.name);
    form.value = { ...before, ...change, ...(follows ? { id: idFrom(change.name ?? "") } : {}) };
    tried.value = null;
  };

  /** Whether the form holds enough to ask the hub, which judges the rest. */
  const complete = () => {
    if (byHand.peek() !== null) return true;
    const { name, id: own, line, address } = form.peek();
    missing.value = {
      ...(chosen.peek() === null ? { profile: t("devices.needProfile") } : {}),
      ...(name.trim() === "" ? { name: t("devices.needName") } : {}),
      ...(!/^[a-z0-9_-]+$/.test(own) ? { id: t("devices.needId") } : file.devices.some((each) => each.id === own) ? { id: t("devices.taken", { id: own }) } : {}),
      ...(line === "" && address.trim() === "" ? { address: t("devices.needAddress") } : {}),
    };
    const isComplete = Object.keys(missing.peek()).length === 0;
    // After the faults are drawn: the first of them has the focus.
    if (!isComplete) setTimeout(() => document.querySelector<HTMLElement>("[aria-invalid]")?.focus());
    return isComplete;
  };
  const ask = async (what: "try" | "check", send: () => Promise<void>) => {
    if (busy.peek() !== null || !complete()) return;
    busy.value = what;
    faults.value = [];
    try {
      await send();
    } catch (error) {
      faults.value = faultsOf(error);
    } finally {
      busy.value = null;
    }
  };
  const tryIt = () => ask("try", async () => void (tried.value = await tryDevice(text)));
  const look = () => ask("check", async () => void (saving.value = await checkDevice(file.site, id, text)));

  if (saved.value !== null) return <Saved saved={saved.value} device={id} tried={tried.value} />;
  return (
    <div class="stack devices-editor">
      {byHand.value === null && (
        <>
          <ProfileStep
            profiles={profiles}
            quantities={quantities}
            chosen={chosen.value}
            fault={missing.value.profile ?? null}
            onChoose={(profile) => {
              chosen.value = profile;
              tried.value = null;
              const found = profiles.find((each) => each.id === profile);
              if (found !== undefined && form.peek().name === "") write({ name: found.name.vi });
            }}
          />
          <PlaceStep form={form.value} lines={lines} sites={sites} site={file.site} missing={missing.value} onWrite={write} />
          {chosen.value === "" && (
            <section class="panel devices-panel stack-tight" aria-labelledby="step-points">
              <div class="row row-ends">
                <h2 id="step-points">{t("devices.step.points")}</h2>
                <a class="button button-quiet" href="/probe">
                  {t("devices.probe")}
                </a>
              </div>
              <TextArea
                label={t("devices.text")}
                rows={8}
                spellcheck={false}
                autoCapitalize="none"
                placeholder={'[[device.point]]\nid = "ph"\nquantity = "ph"\nregister = "holding"\naddress = 0\ntype = "FLOAT32"'}
                value={form.value.points}
                onInput={(event) => write({ points: event.currentTarget.value })}
              />
              <p class="small muted">{t("devices.alarmHint")}</p>
              <div>
                <Button onClick={() => write({ points: withPoint(form.peek().points, faultBit(t("devices.alarmName"))) })}>{t("devices.alarmAdd")}</Button>
              </div>
            </section>
          )}
        </>
      )}
      <section class="panel devices-panel stack-tight" aria-labelledby="step-text">
        <div class="row row-ends">
          <h2 id="step-text">{isNew ? t("devices.step.text") : t("devices.text")}</h2>
          {isNew && (
            <Button onClick={() => (byHand.value = byHand.value === null ? text : null)}>{t(byHand.value === null ? "devices.editText" : "devices.toForm")}</Button>
          )}
        </div>
        {byHand.value === null ? (
          <Toml text={text} label={t("devices.text")} />
        ) : (
          <TextArea
            label={t("devices.text")}
            rows={Math.min(24, text.split("\n").length + 1)}
            spellcheck={false}
            autoCapitalize="none"
            value={text}
            onInput={(event) => {
              byHand.value = event.currentTarget.value;
              tried.value = null;
            }}
          />
        )}
      </section>
      <Faults faults={faults.value} />
      <section class="panel devices-panel stack-tight" aria-labelledby="step-try">
        <h2 id="step-try">{t("devices.step.try")}</h2>
        <p class="small muted">{t("devices.tryHint")}</p>
        <div>
          <Button tall busy={busy.value !== null} onClick={() => void tryIt()}>
            {t(busy.value === "try" ? "devices.trying" : "devices.try")}
          </Button>
        </div>
        {tried.value !== null && <Trial tried={tried.value} />}
      </section>
      <section class="panel devices-panel stack-tight" aria-labelledby="step-save">
        <h2 id="step-save">{t("devices.step.save")}</h2>
        <p class="small muted">{t("devices.saveHint")}</p>
        <div class="row">
          <Button tall kind="main" busy={busy.value !== null} onClick={() => void look()}>
            {t("devices.look")}
          </Button>
          {!isNew && <Button onClick={() => (removing.value = true)}>{t("devices.remove")}</Button>}
        </div>
      </section>
      {saving.value !== null && (
        <SaveDialogue
          file={file}
          device={id}
          toml={text}
          after={saving.value}
          onOvertaken={onOvertaken}
          onClose={() => (saving.value = null)}
          onSaved={(done) => {
            saved.value = done;
            scrollTo(0, 0);
          }}
        />
      )}
      {removing.value && (
        <RemoveDialogue file={file} device={device} onOvertaken={onOvertaken} onClose={() => (removing.value = false)} onDone={() => navigate(`/devices?site=${file.site}`)} />
      )}
    </div>
  );
}
