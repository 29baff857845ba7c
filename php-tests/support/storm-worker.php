<?php

/**
 * One process of a storm: reads jobs, waits at the barrier with the others, does each and reports.
 *
 * Arguments: the file whose lock is the barrier, and the file that returns the function to run.
 *
 * @see Storm.php
 */

declare(strict_types=1);

[, $barrierFile, $work] = $argv;
$work = require $work;
$barrier = fopen($barrierFile, 'r');

while (false !== ($line = fgets(STDIN))) {
    $job = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    echo "READY\n";
    flock($barrier, LOCK_SH);
    flock($barrier, LOCK_UN);
    try {
        $report = array('result' => $work($job));
    } catch (Throwable $e) {
        $report = array(
            'class' => get_class($e),
            'message' => $e->getMessage(),
            'advice' => $e instanceof Telemed\TelemedException ? $e->advice() : '',
        );
    }
    echo json_encode($report, JSON_THROW_ON_ERROR), "\n";
}
