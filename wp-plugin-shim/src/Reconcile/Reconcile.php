<?php
/**
 * Holds what is wanted against what Zoom has, host by host, through the credentials that made the meetings: orphans that bear this
 * site's marker, meetings that were moved or deleted in Zoom, settings that were changed. The clinic's appointments are the truth.
 * What differs, and what comes of it, the extension says.
 *
 * Nightly and on demand; a dry run only tells.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use Telemed\Comparison;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class Reconcile
{
    public function __construct(
        private readonly ReconcileQueries $queries,
        private readonly ZoomApps $apps,
        private readonly HostLook $look,
        private readonly Treatment $treatment
    ) {
    }

    /**
     * @param ?callable(int, int): void $progress is told how many hosts are done, of how many; first 0
     * @param ?SettingsLook $settings of which meetings the settings are looked at; null: of all
     * @param bool $everywhere also at hosts that no visit knows of: only for somebody who has seen what that would delete
     * @param ?Tally $tally is told what was looked at
     * @return list<Finding> what was found, and done unless it is a dry run
     * @throws DatabaseException|Problem
     */
    public function run(bool $dryRun, ?callable $progress = null, ?SettingsLook $settings = null, bool $everywhere = true, ?Tally $tally = null): array
    {
        if (!Schema::isCurrent() || Schema::isMoving()) {
            // A meeting of a visit that is not known yet would be one that nobody needs.
            throw new Problem('telemed_updating', __('visits of the version before are still being moved into the tables of this one', 'telemed-zoom'), __('Try again in some minutes.', 'telemed-zoom'), 503);
        }
        $settings ??= SettingsLook::atAll();
        $tally ??= new Tally();
        $findings = [];
        $known = $this->queries->hosts();
        $hosts = $everywhere ? [...$known, ...$this->presentHosts($known)] : $known;
        $unreached = 0;
        $outage = '';
        if ($progress !== null && $hosts !== []) {
            $progress(0, count($hosts));
        }
        foreach ($hosts as $number => $host) {
            try {
                if ($unreached < Comparison::mostUnreached()) {
                    array_push($findings, ...$this->compare($host, $dryRun, $settings, $tally));
                    $unreached = 0;
                } else {
                    $findings[] = Finding::unreachable($host, $outage);
                }
            } catch (Problem | \Telemed\TelemedException $failure) {
                $unreached = $failure instanceof \Telemed\TelemedException && $failure->isLost() ? $unreached + 1 : 0;
                $outage = ErrorText::of($failure);
                // A Zoom user who is gone, or credentials that are, and of whom no visit knows any more, have left nothing to look at.
                if ($host->isNeeded || !($failure instanceof Problem || $failure->isGone())) {
                    $findings[] = Finding::unreachable($host, $outage);
                }
            }
            if ($progress !== null) {
                $progress($number + 1, count($hosts));
            }
        }
        if ($settings->leftOut() > 0) {
            $findings[] = new Finding(Finding::LEFT_OUT, null, null, '', (string) $settings->leftOut());
        }
        return $findings;
    }

    /**
     * Who hosts for a doctor now, and is not among those already: a database that was restored from a backup does not know where
     * meetings were made since.
     *
     * @param list<ComparedHost> $already
     * @return list<ComparedHost>
     */
    private function presentHosts(array $already): array
    {
        $known = array_fill_keys(array_map(static fn(ComparedHost $host): string => $host->key(), $already), true);
        $hosts = [];
        foreach (Doctors::all() as $doctor) {
            try {
                $credentials = $this->apps->forDoctor($doctor->ID);
            } catch (Problem | \Telemed\TelemedException) {
                // Nobody hosts for this doctor.
                continue;
            }
            $host = ComparedHost::present($credentials);
            if ($credentials->maker->hostAtZoom() !== null && !isset($known[$host->key()])) {
                $known[$host->key()] = true;
                $hosts[] = $host;
            }
        }
        return $hosts;
    }

    /**
     * @return list<Finding>
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function compare(ComparedHost $host, bool $dryRun, SettingsLook $settings, Tally $tally): array
    {
        $credentials = $host->credentials($this->apps);
        [$comparison, $findings] = $this->look->at($host, $credentials, $settings, $tally);
        foreach ($comparison->findings() as $found) {
            $finding = $dryRun ? Finding::of($found, $host) : $this->treatment->of($found, $comparison, $credentials, $host);
            if ($finding !== null) {
                $findings[] = $finding;
            }
        }
        return $findings;
    }
}
