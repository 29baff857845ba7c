// The main job in a real browser: from the settings page to a meeting that doctor and patient enter, in both modes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';

const site = JSON.parse(readFileSync(process.env.TELEMED_SITE_STATE));
const OAUTH = { client_id: 'cLiEnTiDeXaMpLe0123456', client_secret: 'cLiEnTsEcReTeXaMpLe0123456789abc' };
const ACCOUNT = {
  account_id: 'Ab12cDefGhIjKlMnOpQrSt',
  client_id: 's2sCliEnTiDeXaMpLe0123',
  client_secret: 's2sSeCrEtExAmPlE0123456789abcdef',
};
const DOCTOR1 = 'dR0hOsTiD1exAmple_Zo-m';

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
});

after(() => browser?.close());

beforeEach(() => zoom('POST', 'reset'));

test('Server-to-Server: the administrator sets it up, the doctor only starts', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  const secret = admin.locator('[name="telemed_settings[s2s_client_secret]"]');
  assert.equal(await secret.inputValue(), '', 'the stored secret does not come back');

  await admin.locator('#telemed-check-form [type=submit]').click();
  await admin.locator('#telemed-check-result').waitFor();
  assert.equal(await admin.locator('#telemed-check-result').getAttribute('data-passed'), '1');

  await confirmHosts(admin);

  await makeMeeting(admin, 'Dora Example');
  const [meeting] = (await zoom('GET', 'state')).meetings;
  assert.equal(meeting.host_id, DOCTOR1);
  assert.equal(meeting.start_time, '2027-01-12T08:30:00Z', '09:30 in Berlin');
  assert.equal(meeting.settings.waiting_room, true);

  const doctor = await logIn(site.doctor1);
  await page(doctor, 'telemed-meetings');
  await doctor.locator('.telemed-start').first().click();
  await doctor.waitForURL(`${site.fake_http}/s/**`);
  assert.match(await doctor.locator('body').innerText(), /host/i);

  await cancelMeeting(admin);
  assert.deepEqual((await zoom('GET', 'state')).meetings, []);
});

test('OAuth 2.0: the doctor declines, then authorizes, and hosts the meeting', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 'oauth', OAUTH);

  const doctor = await logIn(site.doctor1);
  await doctor.goto(`${site.url}/wp-admin/profile.php`);
  await doctor.locator('[form=telemed-authorize-form]').click();
  await doctor.waitForURL(`${site.fake_http}/oauth/authorize**`);
  await doctor.locator('#decline').click();
  await doctor.waitForURL(`${site.url}/wp-admin/profile.php**`);
  assert.equal(await doctor.locator('#telemed-connected').count(), 0);

  await doctor.locator('[form=telemed-authorize-form]').click();
  await doctor.waitForURL(`${site.fake_http}/oauth/authorize**`);
  await doctor.locator('#user').selectOption({ value: DOCTOR1 });
  await doctor.locator('#authorize').click();
  await doctor.locator('#telemed-connected').waitFor();
  assert.doesNotMatch(doctor.url(), /code=|state=/, 'the address is clean');

  await makeMeeting(doctor);
  const [meeting] = (await zoom('GET', 'state')).meetings;
  assert.equal(meeting.host_id, DOCTOR1);

  const patient = await (await browser.newContext()).newPage();
  await patient.goto(await doctor.locator('.telemed-join').first().getAttribute('href'));
  assert.match(await patient.locator('body').innerText(), /participant/i);

  await cancelMeeting(doctor);
  assert.deepEqual((await zoom('GET', 'state')).meetings, []);
});

test('Start leads through the log-in and on to Zoom', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await confirmHosts(admin);
  await makeMeeting(admin, 'Dora Example');
  const doctor = await logIn(site.doctor1);
  await page(doctor, 'telemed-meetings');
  const start = await doctor.locator('.telemed-start').first().getAttribute('href');

  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(start);
  await fillLogIn(stranger, site.doctor1);
  await stranger.waitForURL(`${site.fake_http}/s/**`);
  await cancelMeeting(admin);
});

/** Speaks to fake-zoom's control API. */
async function zoom(method, what) {
  const answer = await fetch(`${site.fake_http}/_control/${what}`, { method });
  assert.ok(answer.ok, `${method} ${what}: ${answer.status}`);
  return answer.json();
}

async function logIn(person) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const tab = await context.newPage();
  tab.on('dialog', (dialog) => dialog.accept());
  await tab.goto(`${site.url}/wp-login.php`);
  await fillLogIn(tab, person);
  await tab.waitForURL(`${site.url}/wp-admin/**`);
  return tab;
}

async function fillLogIn(tab, person) {
  await tab.fill('#user_login', person.login);
  await tab.fill('#user_pass', person.password);
  await tab.click('#wp-submit');
}

const page = (tab, name) => tab.goto(`${site.url}/wp-admin/admin.php?page=${name}`);

/** Chooses the mode on the settings page and saves the app's credentials. */
async function choose(admin, mode, credentials) {
  await page(admin, 'telemed-settings');
  await admin.check(`#telemed-mode-${mode}`);
  for (const [name, value] of Object.entries(credentials)) {
    await admin.fill(`[name="telemed_settings[${mode}_${name}]"]`, value);
  }
  await admin.locator('#telemed-settings-form [type=submit]').last().click();
  await admin.locator('#setting-error-settings_updated').waitFor();
}

/** Confirms all exact matches, unless an earlier test has. */
async function confirmHosts(admin) {
  await page(admin, 'telemed-doctors');
  const confirm = admin.locator('#telemed-confirm-all [type=submit]');
  if (await confirm.count()) await confirm.click();
  await admin.locator(`[data-host="${DOCTOR1}"]`).waitFor();
}

async function makeMeeting(tab, doctor) {
  await page(tab, 'telemed-new-meeting');
  if (doctor) await tab.locator('[name=doctor]').selectOption({ label: doctor });
  await tab.fill('[name=date]', '2027-01-12');
  await tab.fill('[name=time]', '09:30');
  await tab.locator('#telemed-meeting-form [type=submit]').click();
  await tab.waitForURL(/page=telemed-meetings/);
}

async function cancelMeeting(tab) {
  await page(tab, 'telemed-meetings');
  await tab.locator('.telemed-cancel').first().click();
  await tab.locator('.telemed-flash').waitFor();
}
