// Which page stands at which address, and that all but two need a login.
import { useEffect } from "preact/hooks";
import { t } from "./i18n";
import { Lazy } from "./lib/Lazy";
import { whenIdle } from "./lib/idle";
import { later } from "./lib/later";
import { match, navigate, path } from "./lib/router";
import { useTitle } from "./lib/title";
import { Login } from "./pages/Login";
import { Now } from "./pages/Now";
import { startAlerts } from "./state/alerts";
import { commune, mayActAs, session } from "./state/commune";
import { connection } from "./state/connection";
import { HUB_SITE } from "./state/own";
import { startLive } from "./state/live";
import { store } from "./state/store";
import { Empty, Loading } from "./ui/States";
import { Shell } from "./ui/Shell";
import { Toasts } from "./ui/Toast";

type Params = Record<string, string>;

const sitesPage = later(() => import("./pages/Sites"));
const alarmsPage = later(() => import("./pages/Alarms"));
const alarmPage = later(() => import("./pages/Alarm"));
const morePage = later(() => import("./pages/More"));
const sitePage = later(() => import("./pages/Site"));
const trendsPage = later(() => import("./pages/trends/Trends"));
const yearPage = later(() => import("./pages/year/Year"));
const compliancePage = later(() => import("./pages/compliance/Compliance"));
const qualityPage = later(() => import("./pages/quality/Quality"));
const mapPage = later(() => import("./pages/map/Map"));
const rulesPage = later(() => import("./pages/rules/Rules"));
const rulePage = later(() => import("./pages/rules/Rule"));
const accountsPage = later(() => import("./pages/accounts/Accounts"));
const arrivingPage = later(() => import("./pages/arriving/Arriving"));
const busesPage = later(() => import("./pages/buses/Buses"));
const devicesPage = later(() => import("./pages/devices/Devices"));
const devicePage = later(() => import("./pages/devices/Device"));
const probePage = later(() => import("./pages/devices/Probe"));
const ownHubPage = later(() => import("./pages/OwnHub"));
const setupPage = later(() => import("./pages/accounts/Setup"));
const noticesPage = later(() => import("./pages/notices/Notices"));
const acknowledgePage = later(() => import("./pages/notices/Acknowledge"));
const wallPage = later(() => import("./pages/wall/Wall"));
const communesPage = later(() => import("./pages/Communes"));
const kitPage = later(() => import("./pages/Kit"));

export function App() {
  return (
    <>
      <Page />
      <Toasts />
    </>
  );
}

function Page() {
  if (path.value === "/kit") return <Lazy load={kitPage} props={{}} />;
  if (path.value === "/wall") return <Lazy load={wallPage} props={{}} />;
  if (commune.value?.needs_setup === true && session.value === null) return <Lazy load={setupPage} props={{}} />;
  if (path.value === "/login") return <Login />;
  const who = session.value;
  if (path.value === "/acknowledge" && who !== undefined) return <Lazy load={acknowledgePage} props={{}} />;
  if (who === undefined) return <Starting />;
  if (who === null) return <ToLogin />;
  return <LivePage />;
}

/** The hub has not said yet who is here. */
function Starting() {
  return (
    <main class="shell-main">
      {connection.value.state === "lost" ? (
        <div role="alert">
          <Empty title={t("link.lost")} hint={t("page.unreachable")} />
        </div>
      ) : (
        <Loading rows={4} height={120} />
      )}
    </main>
  );
}

/** Keeps where one was, so that the login leads back there. */
function ToLogin() {
  useEffect(() => {
    const here = location.pathname + location.search;
    navigate(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`, { replace: true });
  }, []);
  return null;
}

function LivePage() {
  useEffect(() => startAlerts(store), []);
  useEffect(() => startLive(store), []);
  // The other entries of the navigation are there when they are wanted, and not in the way of the first page.
  useEffect(() => whenIdle(() => void morePage().catch(() => undefined)), []);
  return (
    <Shell>
      <Routed />
    </Shell>
  );
}

function Routed() {
  const here = path.value;
  let found: Params | null;
  if (here === "/") return commune.value?.role === "province" ? <Lazy load={communesPage} props={{}} /> : <Now />;
  if (match("/sites", here)) return <Lazy key="sites" load={sitesPage} props={{}} />;
  if (here === `/sites/${HUB_SITE}`) return <Lazy key="own" load={ownHubPage} props={{}} />;
  if ((found = match("/sites/:id", here))) return <Lazy key={here} load={sitePage} props={{ id: found["id"] ?? "" }} />;
  if (match("/trends", here)) return <Lazy key="trends" load={trendsPage} props={{}} />;
  if (match("/year", here)) return <Lazy key="year" load={yearPage} props={{}} />;
  if (match("/compliance", here)) return <Lazy key="compliance" load={compliancePage} props={{}} />;
  if (match("/quality", here)) return <Lazy key="quality" load={qualityPage} props={{}} />;
  if (match("/map", here)) return <Lazy key="map" load={mapPage} props={{}} />;
  if (match("/notices", here)) return <Lazy key="notices" load={noticesPage} props={{}} />;
  if (match("/accounts", here)) return <Lazy key="accounts" load={accountsPage} props={{}} />;
  const isIntegrator = mayActAs("integrator");
  if (isIntegrator && match("/rules", here)) return <Lazy key="rules" load={rulesPage} props={{}} />;
  if (isIntegrator && (found = match("/rules/:id", here))) return <Lazy key={here} load={rulePage} props={{ id: found["id"] ?? "" }} />;
  if (match("/arriving", here)) return <Lazy key="arriving" load={arrivingPage} props={{}} />;
  if (isIntegrator && match("/buses", here)) return <Lazy key="buses" load={busesPage} props={{}} />;
  if (isIntegrator && match("/devices", here)) return <Lazy key="devices" load={devicesPage} props={{}} />;
  if (isIntegrator && (found = match("/devices/:do", here))) return <Lazy key={here} load={devicePage} props={{ isNew: found["do"] === "new" }} />;
  if (isIntegrator && match("/probe", here)) return <Lazy key="probe" load={probePage} props={{}} />;
  if (match("/alarms", here)) return <Lazy key="alarms" load={alarmsPage} props={{}} />;
  if ((found = match("/alarms/:id", here))) return <Lazy key={here} load={alarmPage} props={{ id: found["id"] ?? "" }} />;
  if (match("/more", here)) return <Lazy key="more" load={morePage} props={{}} />;
  return <NotFound />;
}

function NotFound() {
  useTitle(t("page.notFound"));
  return (
    <>
      <h1>{t("page.notFound")}</h1>
      <p>
        <a class="link" href="/">
          {t("page.home")}
        </a>
      </p>
    </>
  );
}
