// The clinic's site and Chromium: what people do there, for all tests of the browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach } from 'node:test';
import { chromium } from 'playwright-core';

export const site = JSON.parse(readFileSync(process.env.TELEMED_SITE_STATE));
export const OAUTH = { client_id: 'cLiEnTiDeXaMpLe0123456', client_secret: 'cLiEnTsEcReTeXaMpLe0123456789abc' };
export const ACCOUNT = {
  account_id: 'Ab12cDefGhIjKlMnOpQrSt',
  client_id: 's2sCliEnTiDeXaMpLe0123',
  client_secret: 's2sSeCrEtExAmPlE0123456789abcdef',
};
export const DOCTOR1 = 'dR0hOsTiD1exAmple_Zo-m';

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

/** Somebody who is not logged in; what their browser is like. */
export const stranger = async (options = {}) => (await browser.newContext(options)).newPage();

/** Speaks to fake-zoom's control API. */
export async function zoom(method, what) {
  const answer = await fetch(`${site.fake_http}/_control/${what}`, { method });
  assert.ok(answer.ok, `${method} ${what}: ${answer.status}`);
  return answer.json();
}

export async function logIn(person) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const tab = await context.newPage();
  tab.on('dialog', (dialog) => dialog.accept());
  await tab.goto(`${site.url}/wp-login.php`);
  await fillLogIn(tab, person);
  await tab.waitForURL(`${site.url}/wp-admin/**`);
  return tab;
}

/** WordPress puts the cursor on the name 200 ms after its log-in page: what is typed before that can end in the wrong field. */
export async function fillLogIn(tab, person) {
  await tab.waitForFunction(() => document.activeElement?.id === 'user_login');
  await tab.fill('#user_login', person.login);
  await tab.fill('#user_pass', person.password);
  await tab.click('#wp-submit');
}

export const page = (tab, name) => tab.goto(`${site.url}/wp-admin/admin.php?page=${name}`);

/** Chooses the mode on the settings page and saves the app's credentials. */
export async function choose(admin, mode, credentials) {
  await page(admin, 'telemed-settings');
  await admin.check(`#telemed-mode-${mode}`);
  for (const [name, value] of Object.entries(credentials)) {
    await admin.fill(`[name="telemed_settings[${mode}_${name}]"]`, value);
  }
  await save(admin);
}

/** Saves the settings, also where they replace what works. */
export async function save(admin) {
  await admin.locator('#telemed-settings-form #submit').click();
  await admin.locator('#setting-error-settings_updated, .telemed-save-anyway').first().waitFor();
  const anyway = admin.locator('.telemed-save-anyway');
  if (await anyway.count()) {
    await anyway.click();
    await admin.locator('.telemed-flash').waitFor();
  }
}

/** Confirms all exact matches, unless an earlier test has. */
export async function confirmHosts(admin) {
  await page(admin, 'telemed-doctors');
  const confirm = admin.locator('#telemed-confirm-all [type=submit]');
  if (await confirm.count()) await confirm.click();
  await admin.locator(`[data-host="${DOCTOR1}"]`).waitFor();
}

/** @param {string} date @param {string} time of the doctor's zone, Berlin */
export async function makeMeeting(tab, doctor, date = '2031-01-14', time = '09:30') {
  await page(tab, 'telemed-new-meeting');
  if (doctor) await tab.locator('[name=doctor]').selectOption({ label: doctor });
  await tab.fill('[name=date]', date);
  await tab.fill('[name=time]', time);
  await tab.locator('#telemed-meeting-form [type=submit]').click();
  await tab.waitForURL(/page=telemed-meetings/);
}

/** Cancels the first meeting of the list and waits until it is done: what is still under way would meet the next test's fake-zoom. */
export async function cancelMeeting(tab) {
  await page(tab, 'telemed-meetings');
  const cancel = tab.locator('.telemed-cancel');
  const before = await cancel.count();
  await cancel.first().click();
  await tab.waitForFunction(
    (before) => document.readyState === 'complete' && document.querySelector('.telemed-flash') && document.querySelectorAll('.telemed-cancel').length === before - 1,
    before,
  );
}
